import CommandLineInterface
import RuntimeAPI
import WorkflowModel

/// `why`: explains from recorded facts.
enum WhyCommand {
  static func run(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    let session = try Session.open(invocation, console)
    defer { session.close() }
    try console.show(
      session.perform(
        "why",
        [("name", .string(invocation.operands[0])), ("tenant", invocation["tenant"].map(JSONValue.string))]
      ).document)
    return .success
  }
}
