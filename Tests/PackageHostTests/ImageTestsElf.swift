import CPackageImage
import Foundation
import Testing

/// A generator whose seed a failing test prints.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

@Suite("Image: ELF files read as hostile bytes")
struct ImageTestsElf {
  /// The facts of `bytes`, or the refusal.
  private func inspect(_ bytes: [UInt8]) throws -> cloacina_elf_facts {
    var facts = cloacina_elf_facts()
    var error = cloacina_image_error()
    // A heap block of exactly this size, so that a tool that watches memory sees a read past the end.
    let block = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
    defer { block.deallocate() }
    _ = block.initialize(from: bytes)
    guard cloacina_elf_inspect(block.baseAddress, bytes.count, &facts, &error) == 0 else {
      throw Refusal(error)
    }
    if let exports = exports(UnsafeBufferPointer(block)) {
      #expect(exports.count == Int(facts.export_count), "as many names as exports were counted")
    }
    return facts
  }

  /// The names of the exports; nil when the library is refused.
  private func exports(_ bytes: UnsafeBufferPointer<UInt8>) -> [String]? {
    var names: [String] = []
    var error = cloacina_image_error()
    let answer = withUnsafeMutablePointer(to: &names) { names in
      cloacina_elf_exports(
        bytes.baseAddress, bytes.count, names,
        { context, name, count in
          let text = String(decoding: UnsafeRawBufferPointer(start: name, count: count), as: UTF8.self)
          context?.assumingMemoryBound(to: [String].self).pointee.append(text)
        }, &error)
    }
    return answer == 0 ? names : nil
  }

  @Test("the exports of a package are named")
  func exportNames() throws {
    #expect(try library().withUnsafeBufferPointer(exports) == ["cloacina_package_v1"])
    #expect(exports(UnsafeBufferPointer(start: nil, count: 0)) == nil)
  }

  private func library() throws -> [UInt8] {
    try #require(MisbehavingPackages.libraries["well_behaved"])
  }

  /// File offset of the first program header of `type`.
  private func segment(_ type: UInt32, in bytes: [UInt8]) throws -> Int {
    let count = Int(bytes[56]) + Int(bytes[57]) << 8
    let start = bytes.withUnsafeBytes { Int($0.loadUnaligned(fromByteOffset: 32, as: UInt64.self)) }
    let offsets = (0..<count).map { start + $0 * 56 }
    return try #require(
      offsets.first { at in
        bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: at, as: UInt32.self) } == type
      })
  }

  @Test("a package's facts are read")
  func facts() throws {
    let facts = try inspect(try library())
    #expect(
      facts.exports_entry_point == 1 && facts.executable_stack == 0
        && facts.has_text_relocations == 0)
    #expect(facts.needed_count == 1)
    #expect(facts.export_count == 1)
  }

  @Test(
    "a header that does not fit this host is refused",
    arguments: [
      (0, UInt8(0), "CLO-P001"), (4, 1, "CLO-P002"), (5, 2, "CLO-P002"), (18, 3, "CLO-P003"),
      (16, 2, "CLO-P004"),
      (54, 8, "CLO-P005"), (39, 0x7F, "CLO-P005"),
    ])
  func header(offset: Int, value: UInt8, code: String) throws {
    var bytes = try library()
    bytes[offset] = value
    #expect(try #require(throws: Refusal.self) { try inspect(bytes) }.code == code)
  }

  @Test("an executable stack is refused, stated or by silence", arguments: [true, false])
  func executableStack(stated: Bool) throws {
    var bytes = try library()
    let stack = try segment(0x6474_E551, in: bytes)
    if stated { bytes[stack + 4] |= 1 } else { bytes[stack] ^= 0x0F }
    #expect(try #require(throws: Refusal.self) { try inspect(bytes) }.code == "CLO-P008")
  }

  @Test("text relocations are refused")
  func textRelocations() throws {
    var bytes = try library()
    let segment = try segment(2, in: bytes)
    let start = bytes.withUnsafeBytes {
      Int($0.loadUnaligned(fromByteOffset: segment + 8, as: UInt64.self))
    }
    let needed = try #require(
      stride(from: start, to: bytes.count - 16, by: 16).first { bytes[$0] == 1 })
    bytes[needed] = 22
    #expect(try #require(throws: Refusal.self) { try inspect(bytes) }.code == "CLO-P007")
  }

  @Test("a library cut off anywhere in its first pages is refused")
  func truncated() throws {
    let bytes = try library()
    for count in stride(from: 0, to: 4096, by: 7) {
      let refusal = try #require(throws: Refusal.self) { try inspect(Array(bytes.prefix(count))) }
      #expect(["CLO-P001", "CLO-P005"].contains(refusal.code), "\(count) bytes: \(refusal)")
    }
  }

  @Test("random damage never makes the reader leave the file")
  func damaged() throws {
    let bytes = try library()
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SplitMix(state: seed)
    var codes: Set<String> = []
    for _ in 0..<3000 {
      var copy = bytes
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        let offset = Int.random(in: 0..<min(copy.count, 1600), using: &random)
        copy[offset] =
          Bool.random(using: &random) ? 0xFF : UInt8.random(in: 0...255, using: &random)
      }
      do { _ = try inspect(copy) } catch { codes.insert((error as? Refusal)?.code ?? "\(error)") }
    }
    #expect(codes.isSubset(of: Set((1...8).map { "CLO-P00\($0)" })), "seed \(seed)")
    #expect(codes.count >= 3, "seed \(seed): the damage was too small to be seen: \(codes)")
  }
}
