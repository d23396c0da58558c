import CArchive
import Testing

@testable import PackageArchive

/// Each test is one thing somebody could do to the bytes around a tar, or use in its place.
@Suite struct HostileStreamTests {
  private static let files: [(name: String, bytes: [UInt8])] = [("statement", [1, 2, 3])]

  @Test func anEmptyFile() { expectRefusal(.unknownFormat, [], says: "empty") }

  @Test func aTarThatIsNotCompressed() { expectRefusal(.unknownFormat, Fixture.tar().ended) }

  @Test func anEmptyTar() { expectRefusal(.statementNotFirst, Packing.zstd(RawTar().ended), says: "nothing") }

  @Test func anEmptyStream() {
    #expect(throws: ArchiveError.self) { try ArchiveReader.verify(bytes: Packing.zstd([])) }
    #expect(throws: ArchiveError.self) { try ArchiveReader.verify(bytes: Packing.gzip([])) }
  }

  @Test func aZip() { expectOtherFormat(Packing.write(Self.files, format: archive_write_set_format_zip)) }

  @Test func aSevenZip() { expectOtherFormat(Packing.write(Self.files, format: archive_write_set_format_7zip)) }

  @Test func aCpio() { expectOtherFormat(Packing.write(Self.files, format: archive_write_set_format_cpio_newc)) }

  @Test func anAr() { expectOtherFormat(Packing.write(Self.files, format: archive_write_set_format_ar_bsd)) }

  @Test func anMtree() { expectOtherFormat(Packing.write(Self.files, format: archive_write_set_format_mtree)) }

  @Test func aCabinet() {
    expectOtherFormat(Array("MSCF".utf8) + [UInt8](repeating: 0, count: 32) + [3, 1, 1, 0, 1, 0] + [0, 0, 0, 0])
  }

  @Test(arguments: [archive_write_add_filter_bzip2, archive_write_add_filter_xz, archive_write_add_filter_lz4])
  func anotherCompression(filter: @escaping @Sendable (OpaquePointer?) -> Int32) {
    let bytes = Packing.write(
      [("data", Fixture.tar().ended)], format: archive_write_set_format_raw, filter: filter)
    expectRefusal(.unknownFormat, bytes)
  }

  @Test func nestedCompression() {
    let tar = Fixture.tar().ended
    expectRefusal(.damaged, Packing.zstd(Packing.zstd(tar)))
    expectRefusal(.damaged, Packing.gzip(Packing.zstd(tar)))
    expectRefusal(.damaged, Packing.zstd(Packing.gzip(tar)))
  }

  @Test(arguments: [1, 3, 4, 100])
  func bytesAfterTheStream(count: Int) {
    for archive in [Fixture.archive, Packing.gzip(Fixture.tar().ended)] {
      for byte: UInt8 in [0, 0x41] {
        let bytes = archive + [UInt8](repeating: byte, count: count)
        #expect(throws: ArchiveError.self) { try ArchiveReader.verify(bytes: bytes) }
      }
    }
    expectRefusal(.trailingBytes, Packing.gzip(Fixture.tar().ended) + [0x41], says: "1 more")
  }

  @Test func aSecondArchiveAfterTheFirst() {
    expectRefusal(.trailingBytes, Fixture.archive + Fixture.archive)
  }

  @Test func aBombByRatio() {
    let zeros = [UInt8](repeating: 0, count: 64 << 20)
    for bomb in [Packing.zstd(zeros), Packing.gzip(zeros)] { expectRefusal(.ratio, bomb, says: "200 times") }
  }

  @Test func moreThanIsAllowedInAll() {
    var limits = ArchiveLimits()
    limits.totalBytes = 4096
    expectRefusal(.tooLarge, Fixture.archive, limits: limits, says: "4096")
    limits = ArchiveLimits()
    limits.compressedBytes = Fixture.archive.count - 1
    expectRefusal(.tooLarge, Fixture.archive, limits: limits)
    limits.compressedBytes += 1
    #expect(throws: Never.self) { try ArchiveReader.verify(bytes: Fixture.archive, limits: limits) }
  }

  /// Refused as it is, and also when it hides inside an allowed compression.
  private func expectOtherFormat(_ bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) {
    expectRefusal(.unknownFormat, bytes, sourceLocation: sourceLocation)
    expectRefusal(.damaged, Packing.zstd(bytes), sourceLocation: sourceLocation)
  }
}
