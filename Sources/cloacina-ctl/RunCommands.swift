import CommandLineInterface
import RuntimeAPI
import WorkflowModel

/// `run list`, `run show` and `run events`.
enum RunCommands {
  static func list(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    try ask(
      "run.list",
      [
        ("tenant", .string(invocation.tenant)), ("status", invocation["status"].map(JSONValue.string)),
        ("workflow", invocation["workflow"].map(JSONValue.string)),
        ("where", invocation["where"].map(JSONValue.string)),
        ("limit", invocation.number("limit").map(JSONValue.integer)),
      ], invocation, console)
  }

  static func show(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    try ask("run.show", identity(invocation), invocation, console)
  }

  /// All events: pages are asked for until an empty one comes.
  static func events(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    let session = try Session.open(invocation, console)
    defer { session.close() }
    var events: [JSONValue] = []
    while true {
      let page = try session.perform("run.events", identity(invocation) + [("after", events.last?["id"])]).document
      let items = Renderer.items(of: page)
      events += items
      guard items.isEmpty else { continue }
      try console.show(
        .list("events", events, [("run", page["run"] ?? .null), ("run_status", page["run_status"] ?? .null)]))
      return .success
    }
  }

  /// The run that the operand names; a tenant only when one was given.
  static func identity(_ invocation: Invocation) -> [(String, JSONValue?)] {
    [("id", .string(invocation.operands[0])), ("tenant", invocation["tenant"].map(JSONValue.string))]
  }

  private static func ask(
    _ operation: String, _ parameters: [(String, JSONValue?)], _ invocation: Invocation, _ console: Console
  ) throws(CommandError) -> ExitCode {
    let session = try Session.open(invocation, console)
    defer { session.close() }
    try console.show(session.perform(operation, parameters).document)
    return .success
  }
}
