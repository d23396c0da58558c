import CommandLineInterface
import RuntimeAPI
import WorkflowModel

/// `package …` and `workflow …`, as far as they ask the engine.
enum PackageCommands {
  static func register(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    let archive = try Files.read(invocation.operands[0], what: "archive")
    // Whoever registers loads the package once, so the runner is needed; a daemon has its own.
    return try VersionCommands.swap(
      "package.register",
      [
        ("isolation", invocation["isolation"].map(JSONValue.string)), ("activate", .bool(invocation.has("activate"))),
      ] + VersionCommands.options(invocation), attachment: archive, invocation, console)
  }

  static func list(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    try ask("package.list", [], invocation, console)
  }

  static func versions(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    try ask("package.versions", [("name", .string(invocation.operands[0]))], invocation, console)
  }

  static func listWorkflows(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    try ask("workflow.list", [], invocation, console)
  }

  static func graph(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    try ask("workflow.show", [("name", .string(invocation.operands[0]))], invocation, console)
  }

  /// `NAME` or `NAME@VERSION`.
  static func reference(_ text: String) throws(CommandError) -> PackageReference {
    do throws(NameError) { return try PackageReference(parsing: text) } catch {
      throw .invalid(
        "CLO-C011", "'\(text)' names no package: \(error)", fix: "write NAME or NAME@VERSION, for example etl@1.4.0")
    }
  }

  /// Does one operation of the invocation's tenant and shows what it leaves.
  static func ask(
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
