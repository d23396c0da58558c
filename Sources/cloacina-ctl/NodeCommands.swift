import CommandLineInterface
import RuntimeAPI
import WorkflowModel

/// `node …`
enum NodeCommands {
  static func list(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    let session = try Session.open(invocation, console)
    defer { session.close() }
    try console.show(session.perform("node.list").document)
    return .success
  }

  static func show(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    let session = try Session.open(invocation, console)
    defer { session.close() }
    try console.show(session.perform("node.show", [("name", .string(invocation.operands[0]))]).document)
    return .success
  }

  static func drain(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    try set("draining", invocation, console)
  }

  static func cordon(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    try set("cordoned", invocation, console)
  }

  static func uncordon(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    try set("ready", invocation, console)
  }

  private static func set(_ state: String, _ invocation: Invocation, _ console: Console) throws(CommandError)
    -> ExitCode
  {
    let session = try Session.open(invocation, console)
    defer { session.close() }
    let name = ("name", JSONValue.string(invocation.operands[0]))
    var document = try session.perform("node.set", [name, ("state", .string(state))]).document
    if invocation.has("wait") {
      let timeout = invocation.number("timeout").map { JSONValue.integer($0 * 1000) }
      document = try session.perform("node.wait", [name, ("timeout_ms", timeout)]).document
    }
    try console.show(document)
    return .success
  }
}
