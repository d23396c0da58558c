import Foundation
import Testing
import WorkflowModel

@testable import PackageArchive

/// An honest package, and the means to make dishonest ones from it.
enum Fixture {
  /// A shared library with the entry point that a package must have.
  static let library: [UInt8] = compile("const void *cloacina_package_v1(void) { return 0; }")

  static let descriptor: PackageDescriptor = {
    var collect = TaskDefinition(id: "collect_data")
    collect.description = "Quotes \" and \\, lines\nand \u{7F}, ümläute ☂"
    collect.retry.maxAttempts = 4
    collect.retry.backoff = .linear
    collect.timeoutMilliseconds = 30_000
    var report = TaskDefinition(id: "generate_report", dependencies: ["collect_data"])
    report.rule = .any([
      .succeeded("collect_data"),
      .all([.context(key: "a.b", comparison: .greater, value: .object([JSONMember("x", .number("1.5e3"))])), .always]),
    ])
    report.tags = ["gpu", "large"]
    report.concurrencyKey = "reports"
    report.concurrencyLimit = 2
    report.defers = true
    var main = WorkflowDefinition(name: "data_processing", tasks: [collect, report])
    main.description = "[[not]] a = table # no comment"
    main.onConflict = .refuse
    let other = WorkflowDefinition(name: "nothing", tasks: [])
    var descriptor = PackageDescriptor(name: "simple_demo", version: "1.2.3-rc.1", workflows: [main, other])
    descriptor.description = "A demo"
    descriptor.author = "Somebody"
    descriptor.fingerprint = "f00d"
    descriptor.compiler = "swift-6.3.1"
    descriptor.abiMinor = 0
    return descriptor
  }()

  static let contents = PackageContents(
    descriptor: descriptor, libraries: [.init(target: HostTarget.triple, bytes: library)], modifiedAt: 0)

  static let archive: [UInt8] = {
    do { return try PackageArchiveWriter.write(contents: contents) } catch { fatalError("\(error)") }
  }()

  static let verified: VerifiedPackage = {
    do { return try ArchiveReader.verify(bytes: archive) } catch { fatalError("\(error)") }
  }()

  static let members: [ArchiveMember] = verified.members

  /// The members as a tar, with `change` applied before each is added; true from it means the member is done.
  static func tar(
    _ members: [ArchiveMember] = members, instead: (inout RawTar, ArchiveMember) -> Bool = { _, _ in false }
  ) -> RawTar {
    var tar = RawTar()
    for member in members where !instead(&tar, member) { tar.add(member.path, member.bytes) }
    return tar
  }

  /// The fixture's files with `change` made, below a statement that tells the truth about them.
  static func restated(
    name: String = descriptor.name, version: String = descriptor.version,
    _ change: (inout [String: [UInt8]]) -> Void
  ) throws -> [UInt8] {
    var files = Dictionary(uniqueKeysWithValues: members.dropFirst().map { ($0.path, $0.bytes) })
    change(&files)
    let listed = try files.map { path, bytes in
      PackageStatement.Member(digest: try SHA256.hex(bytes), size: bytes.count, path: path)
    }
    let statement = PackageStatement(name: name, version: version, members: listed)
    let first = ArchiveMember(path: "statement", bytes: Array(statement.text.utf8))
    return Packing.zstd(tar([first] + files.map { ArchiveMember(path: $0.key, bytes: $0.value) }).ended)
  }

  static func replacing(_ old: String, with new: String, in bytes: [UInt8]?) -> [UInt8] {
    let text = String(decoding: bytes ?? [], as: UTF8.self)
    precondition(text.contains(old), "'\(old)' is not in the text")
    return Array(text.replacingOccurrences(of: old, with: new).utf8)
  }

  static func compile(_ source: String) -> [UInt8] {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("cloacina-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try source.write(to: folder.appendingPathComponent("package.c"), atomically: false, encoding: .utf8)
      let compiler = Process()
      compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      compiler.arguments = ["cc", "-shared", "-fPIC", "-nostdlib", "-s", "-o", "package.so", "package.c"]
      compiler.currentDirectoryURL = folder
      try compiler.run()
      compiler.waitUntilExit()
      precondition(compiler.terminationStatus == 0, "cc ended with \(compiler.terminationStatus)")
      return Array(try Data(contentsOf: folder.appendingPathComponent("package.so")))
    } catch { fatalError("the library could not be compiled: \(error)") }
  }
}

/// Verifying `bytes` must end in this refusal, with evidence and advice.
func expectRefusal(
  _ reason: ArchiveRefusal, _ bytes: [UInt8], limits: ArchiveLimits = ArchiveLimits(),
  says evidence: String = "", sourceLocation: SourceLocation = #_sourceLocation
) {
  let error = #expect(throws: ArchiveError.self, sourceLocation: sourceLocation) {
    try ArchiveReader.verify(bytes: bytes, limits: limits)
  }
  guard let error else { return }
  #expect(error.reason == reason, "\(error)", sourceLocation: sourceLocation)
  #expect(evidence.isEmpty || error.message.contains(evidence), "\(error)", sourceLocation: sourceLocation)
  #expect(!error.message.isEmpty && !error.fix.isEmpty, sourceLocation: sourceLocation)
}
