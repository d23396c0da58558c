import CommandLineInterface
import RuntimeAPI
import WorkflowModel

/// `schedule …`
enum ScheduleCommands {
  static func list(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    let session = try Session.open(invocation, console)
    defer { session.close() }
    try console.show(session.perform("schedule.list", [("tenant", .string(invocation.tenant))]).document)
    return .success
  }
}
