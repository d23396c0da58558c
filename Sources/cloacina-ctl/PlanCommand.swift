import CommandLineInterface
import RuntimeAPI
import WorkflowModel

/// `package plan`: compares an archive with what is active, and changes nothing.
enum PlanCommand {
  static func run(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    let file = invocation.operands[0]
    let archive = try Files.read(file, what: "archive")
    let session = try Session.open(invocation, console)
    defer { session.close() }
    let plan = try session.perform(
      "package.plan",
      [
        ("tenant", .string(invocation.tenant)), ("file", .string(file)),
        ("isolation", invocation["isolation"].map(JSONValue.string)),
      ], attachment: archive
    ).document
    try console.show(plan)
    guard invocation.has("detailed-exitcode") else { return .success }
    if plan["refusal"] != .null { return .packageRejected }
    return plan["verdict"]?.text == PlanVerdict.unchanged.rawValue ? .success : .changes
  }
}
