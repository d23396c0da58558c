import CommandLineInterface
import PackageArchive
import RuntimeAPI
import WorkflowModel

/// `package verify` and `package inspect`: an archive is read and judged here, and nothing of it is run.
enum ArchiveCommands {
  static func verify(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    let file = invocation.operands[0]
    let package = try open(try Files.read(file, what: "archive"))
    try console.show(
      .document(
        "verification",
        [
          ("file", .string(file)), ("package", .string(package.descriptor.name)),
          ("version", .string(package.descriptor.version)), ("digest", .string(package.digest.hex)),
          ("workflow_count", .integer(package.descriptor.workflows.count)),
        ]))
    return .success
  }

  static func inspect(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    let operand = invocation.operands[0]
    if isFile(operand) {
      try refuseDatabase(invocation)
      try console.show(document(try open(try Files.read(operand, what: "archive")), registered: .null))
      return .success
    }
    let reference = try PackageCommands.reference(operand)
    let session = try Session.open(invocation, console)
    defer { session.close() }
    let answer = try session.perform(
      "package.archive",
      [
        ("tenant", .string(invocation.tenant)), ("name", .string(reference.name)),
        ("version", reference.version.map { .string($0.description) }),
      ])
    try console.show(document(try open(answer.attachment), registered: answer.document))
    return .success
  }

  private static func isFile(_ operand: String) -> Bool { operand.contains("/") || operand.hasSuffix(".cloacina") }

  /// A file needs no database, so options that choose one would do nothing.
  private static func refuseDatabase(_ invocation: Invocation) throws(CommandError) {
    for flag in ["db", "tenant"] where invocation[flag] != nil {
      throw CommandError(
        UsageError("--\(flag) does nothing when a file is inspected", fix: "leave it out, or name a registered package")
      )
    }
  }

  private static func open(_ bytes: [UInt8]) throws(CommandError) -> VerifiedPackage {
    do throws(ArchiveError) { return try ArchiveReader.verify(bytes: bytes) } catch { throw CommandError(error) }
  }

  /// `cloacina.inspection/1`
  private static func document(_ package: VerifiedPackage, registered: JSONValue) -> JSONValue {
    let descriptor = package.descriptor
    let members = package.statement.members.map { member in
      JSONValue.object([
        JSONMember("path", .string(member.path)), JSONMember("bytes", .integer(member.size)),
        JSONMember("sha256", .string(member.digest)),
      ])
    }
    return .document(
      "inspection",
      [
        ("package", .string(descriptor.name)), ("version", .string(descriptor.version)),
        ("digest", .string(package.digest.hex)), ("description", .string(descriptor.description)),
        ("author", .string(descriptor.author)), ("fingerprint", .string(descriptor.fingerprint)),
        ("compiler", .string(descriptor.compiler)),
        ("abi", .string("\(descriptor.abiMajor).\(descriptor.abiMinor)")),
        ("targets", .array(package.metadata.targets.map(JSONValue.string))),
        ("permissions", package.metadata.permissions.json),
        ("archive_bytes", .integer(package.archiveByteCount)), ("registered", registered),
        ("members", .array(members)),
        ("workflows", .array(descriptor.workflows.map { .object($0.contract.map { JSONMember($0.0, $0.1) }) })),
      ])
  }
}

extension CommandError {
  init(_ error: ArchiveError) {
    self.init(.packageRejected, kind: "rejected_package", code: error.code, error.message, fix: error.fix)
  }
}
