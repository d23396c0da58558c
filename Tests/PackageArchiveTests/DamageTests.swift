import Testing

@testable import PackageArchive

/// Damage by accident: whatever happens to the bytes, either the same package comes out or an error.
@Suite struct DamageTests {
  /// The numbers that a seed stands for.
  private struct Random: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
  }

  /// True when `bytes` verify; then they must be the fixture.
  private func verifies(_ bytes: [UInt8], _ what: String) -> Bool {
    do throws(ArchiveError) {
      let verified = try ArchiveReader.verify(bytes: bytes)
      #expect(verified.digest == Fixture.verified.digest, "\(what)")
      #expect(verified.members == Fixture.verified.members, "\(what)")
      return true
    } catch { return false }
  }

  @Test func theArchiveCutShortAtEveryByteOfItsEndsAndEveryBlock() {
    let archive = Fixture.archive
    let cuts = Set(0..<64).union(archive.count - 64..<archive.count).union(stride(from: 0, to: archive.count, by: 512))
    for cut in cuts { #expect(!verifies(Array(archive[..<cut]), "cut at \(cut)"), "cut at \(cut)") }
    let gzip = Packing.gzip(Fixture.tar().ended)
    for cut in stride(from: 0, to: gzip.count, by: 61) {
      #expect(!verifies(Array(gzip[..<cut]), "gzip cut at \(cut)"), "gzip cut at \(cut)")
    }
  }

  @Test func theTarCutShortAtEveryBlock() {
    let tar = Fixture.tar()
    for cut in stride(from: 0, to: tar.ended.count, by: 512) {
      let whole = cut >= tar.bytes.count
      #expect(verifies(Packing.zstd(Array(tar.ended[..<cut])), "cut at \(cut)") == whole, "cut at \(cut)")
    }
  }

  @Test func randomFlipsInTheArchive() {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed of randomFlipsInTheArchive: \(seed)")
    var random = Random(state: seed)
    for round in 0..<500 {
      var bytes = Fixture.archive
      for _ in 0...Int.random(in: 0..<3, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      }
      _ = verifies(bytes, "seed \(seed), round \(round)")
    }
  }

  @Test func randomFlipsInTheTar() {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed of randomFlipsInTheTar: \(seed)")
    var random = Random(state: seed)
    let tar = Fixture.tar()
    for round in 0..<500 {
      var bytes = tar.ended
      bytes[Int.random(in: 0..<tar.bytes.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      _ = verifies(Packing.zstd(bytes), "seed \(seed), round \(round)")
    }
  }

  @Test func randomBytesBehindAnHonestMagic() {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed of randomBytesBehindAnHonestMagic: \(seed)")
    var random = Random(state: seed)
    for round in 0..<300 {
      let noise = (0..<Int.random(in: 0..<2000, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      for magic: [UInt8] in [[0x28, 0xB5, 0x2F, 0xFD], [0x1F, 0x8B, 0x08, 0x00]] {
        #expect(!verifies(magic + noise, "seed \(seed), round \(round)"))
      }
      #expect(!verifies(Packing.zstd(noise), "seed \(seed), round \(round)"))
    }
  }
}
