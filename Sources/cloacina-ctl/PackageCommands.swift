import CommandLineInterface
import RuntimeAPI
import WorkflowModel

/// `package …` and `workflow …`, as far as they ask the engine.
enum PackageCommands {
  static func register(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    let archive = try Files.read(invocation.operands[0], what: "archive")
    // Whoever registers loads the package once, so the runner is needed; a daemon has its own.
    return try ask(
      "package.register",
      [
        ("isolation", invocation["isolation"].map(JSONValue.string)), ("activate", .bool(invocation.has("activate"))),
        ("when_staged_ms", whenStaged(invocation)),
        ("rollback_on", invocation["rollback-on"].map(JSONValue.string)),
      ],
      attachment: archive, invocation, console)
  }

  static func list(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    try ask("package.list", [], invocation, console)
  }

  static func versions(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    try ask("package.versions", [("name", .string(invocation.operands[0]))], invocation, console)
  }

  static func activate(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    let reference = try reference(invocation.operands[0])
    guard let version = reference.version else {
      throw .invalid(
        "CLO-C011", "'\(invocation.operands[0])' names no version",
        fix: "write NAME@VERSION; cloacina-ctl package versions \(reference.name) lists them")
    }
    return try ask(
      "package.activate",
      [
        ("name", .string(reference.name)), ("version", .string(version.description)),
        ("when_staged_ms", whenStaged(invocation)),
        ("rollback_on", invocation["rollback-on"].map(JSONValue.string)),
      ], invocation, console)
  }

  static func rollBack(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    try ask("package.rollback", [("name", .string(invocation.operands[0]))], invocation, console)
  }

  static func listWorkflows(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    try ask("workflow.list", [], invocation, console)
  }

  static func graph(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    try ask("workflow.show", [("name", .string(invocation.operands[0]))], invocation, console)
  }

  /// How long nodes have to put the version in place; nil when nobody asked for that.
  private static func whenStaged(_ invocation: Invocation) -> JSONValue? {
    invocation.has("when-staged") ? .integer((invocation.number("when-staged") ?? 60) * 1000) : nil
  }

  /// `NAME` or `NAME@VERSION`.
  static func reference(_ text: String) throws(CommandError) -> PackageReference {
    do throws(NameError) { return try PackageReference(parsing: text) } catch {
      throw .invalid(
        "CLO-C011", "'\(text)' names no package: \(error)", fix: "write NAME or NAME@VERSION, for example etl@1.4.0")
    }
  }

  private static func ask(
    _ operation: String, _ parameters: [(String, JSONValue?)], attachment: [UInt8] = [], _ invocation: Invocation,
    _ console: Console
  ) throws(CommandError) -> ExitCode {
    let session = try Session.open(invocation, console)
    defer { session.close() }
    let all = [("tenant", JSONValue.string(invocation.tenant))] + parameters
    try console.show(session.perform(operation, all, attachment: attachment).document)
    return .success
  }
}
