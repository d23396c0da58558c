import CommandLineInterface
import RuntimeAPI
import WorkflowModel

/// `run follow`: events as they happen, then the run as it ended.
enum FollowCommand {
  /// Longest time that one question waits for an event, in milliseconds.
  private static let patience = 30_000

  static func run(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    let session = try Session.open(invocation, console)
    defer { session.close() }
    var events: [JSONValue] = []
    var last: JSONValue?
    var hasWarned = false
    while true {
      let page = try session.perform(
        "run.events",
        RunCommands.identity(invocation) + [
          ("after", last), ("wait_ms", .integer(session.canWait ? patience : 0)),
        ]
      ).document
      let items = Renderer.items(of: page)
      last = items.last?["id"] ?? last
      if console.format == "json" {
        events += items
      } else {
        for event in items where try !console.show(event) { return .success }
      }
      if page["run_status"]?.text.flatMap(RunStatus.init(rawValue:))?.isTerminal == true, items.isEmpty { break }
      if items.isEmpty, !session.canWait { throw standsStill(invocation.operands[0]) }
      if items.isEmpty, !hasWarned, let missing = try session.missingService() {
        console.note(missing)
        hasWarned = true
      }
    }
    let run = try session.perform("run.show", RunCommands.identity(invocation)).document
    try console.show(
      console.format == "json" ? .document("follow", [("run", run), ("events", .array(events))]) : run)
    return RunStatus(run) == .succeeded ? .success : .runFailed
  }

  private static func standsStill(_ id: String) -> CommandError {
    CommandError(
      .unavailable, kind: "unavailable", code: "CLO-C008",
      "run \(id) is not over, and no daemon is running that could work on it", fix: "cloacina-ctl serve")
  }
}
