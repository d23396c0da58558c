import CPackageImage
import Foundation
import Testing

@Suite("Image: what is refused, and how")
struct ImageTestsRefusals {
  @Test(
    "a package that breaks a rule is refused with the code of that rule and its evidence",
    arguments: [
      ("no_entry_point", "CLO-P006", "cloacina_package_v1"),
      ("missing_symbol", "CLO-P010", "function_nobody_defines"),
      ("null_package", "CLO-P011", "null pointer"), ("short_struct", "CLO-P012", "struct_size 144"),
      ("wrong_major", "CLO-P013", "ABI 2."), ("needs_newer_minor", "CLO-P014", "1.9"),
      ("reserved_not_zero", "CLO-P015", "(0, 1)"), ("unknown_feature", "CLO-P016", "0x10000000000"),
      ("unknown_flag", "CLO-P017", "0x40000000"), ("unknown_enum", "CLO-P018", "is 9"),
      ("unknown_upgrade", "CLO-P018", "upgrade of a workflow is 2"),
      ("deferring", "CLO-P019", "task 'act'"), ("null_run", "CLO-P020", "run"),
      ("null_name", "CLO-P020", "count 4"), ("null_workflows", "CLO-P020", "workflows"),
      ("null_schema", "CLO-P020", "input schema of a workflow"),
      ("not_utf8", "CLO-P021", "at byte 3"), ("bad_id", "CLO-P022", "'../etc passwd'"),
      ("empty_workflow", "CLO-P023", "workflow 'empty'"),
      ("deep_rule", "CLO-P024", "deeper than 16"),
    ])
  func refused(name: String, code: String, evidence: String) throws {
    let refusal = try #require(throws: Refusal.self) { _ = try Image(name) }
    #expect(refusal.code == code)
    #expect(refusal.sentence.contains(evidence), "\(refusal)")
  }

  @Test(
    "a package bound to another compiler is refused with both names",
    arguments: ["swift-6.3.1", nil])
  func otherCompiler(host: String?) throws {
    let refusal = try #require(throws: Refusal.self) {
      _ = try Image("other_compiler", swiftCompiler: host)
    }
    #expect(refusal.code == "CLO-P025")
    #expect(refusal.sentence.contains("swift-5.0.0") && refusal.sentence.contains(host ?? "none"))
  }

  @Test("a package bound to the host's compiler loads")
  func sameCompiler() throws {
    #expect(
      try Image("other_compiler", swiftCompiler: "swift-5.0.0").descriptor.contains("swift-5.0.0"))
  }

  @Test("a package that fails to open says why")
  func failsToOpen() throws {
    let image = try Image("fails_to_open")
    let told = Told()
    let refusal = try #require(throws: Refusal.self) { try image.start(told: told) }
    #expect(
      refusal.code == "CLO-P028" && refusal.sentence.contains("the moon is in the wrong house"))
    #expect(told.lines == ["log 3 about to give up"])
  }

  @Test("a file that could still change is refused")
  func unsealed() throws {
    let descriptor = open(#filePath, O_RDONLY | O_CLOEXEC)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    var error = cloacina_image_error()
    #expect(cloacina_image_open(descriptor, nil, &error) == nil)
    #expect(Refusal(error).code == "CLO-P009")
  }

  @Test("a sealed memory file cannot be written, grown or shrunk, and holds the bytes")
  func sealed() throws {
    let bytes = (0..<70000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let descriptor = cloacina_sealed_memfd("test", bytes, bytes.count)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    var byte: UInt8 = 1
    #expect(pwrite(descriptor, &byte, 1, 0) == -1)
    #expect(ftruncate(descriptor, 1) == -1 && ftruncate(descriptor, 100_000) == -1)
    var copy = [UInt8](repeating: 0, count: bytes.count + 1)
    #expect(pread(descriptor, &copy, copy.count, 0) == bytes.count)
    #expect(Array(copy.dropLast()) == bytes)
    #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
  }
}
