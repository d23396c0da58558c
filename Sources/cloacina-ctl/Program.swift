import CommandLineInterface
import Glibc
import Telemetry

/// The command from its arguments to its exit code.
enum Program {
  static func run(_ arguments: [String]) -> ExitCode {
    let request: Request
    do throws(UsageError) { request = try Parser.parse(arguments) } catch {
      Console.report(CommandError(error), arguments: arguments)
      return .usage
    }
    switch request {
    case .help(let text):
      Console.write(text, to: STDOUT_FILENO)
      return .success
    case .run(let invocation): return run(invocation)
    }
  }

  private static func run(_ invocation: Invocation) -> ExitCode {
    let console = Console(invocation)
    let usual: LogLevel = invocation.verb.name == "serve" ? .info : .warning
    Log.setThreshold(console.isVerbose ? .debug : console.isQuiet ? .error : usual)
    guard let command = commands[invocation.verb.name] else {
      preconditionFailure("the grammar knows '\(invocation.verb.name)' and the program does not")
    }
    do throws(CommandError) { return try command(invocation, console) } catch {
      console.report(error)
      return error.exitCode
    }
  }

  private typealias Command = @Sendable (Invocation, Console) throws(CommandError) -> ExitCode

  private static let commands: [String: Command] = [
    "package build": BuildCommand.run, "package inspect": ArchiveCommands.inspect,
    "package verify": ArchiveCommands.verify, "package register": PackageCommands.register,
    "package plan": PlanCommand.run, "why": WhyCommand.run,
    "package list": PackageCommands.list, "package versions": PackageCommands.versions,
    "package activate": VersionCommands.activate, "package rollback": VersionCommands.rollBack,
    "package canary": VersionCommands.canary, "package drain": VersionCommands.drain,
    "package yank": VersionCommands.yank, "package remove": VersionCommands.remove,
    "package swaps": VersionCommands.swaps, "package quarantine list": VersionCommands.quarantines,
    "package quarantine clear": VersionCommands.clearQuarantine, "audit list": VersionCommands.audit,
    "workflow list": PackageCommands.listWorkflows, "workflow graph": PackageCommands.graph,
    "start": StartCommand.run, "run list": RunCommands.list, "run show": RunCommands.show,
    "run events": RunCommands.events, "run cancel": RepairCommands.cancel,
    "run retry": RepairCommands.retry, "run migrate": RepairCommands.migrate, "run follow": FollowCommand.run,
    "schedule list": ScheduleCommands.list, "node list": NodeCommands.list, "node show": NodeCommands.show,
    "node drain": NodeCommands.drain,
    "node cordon": NodeCommands.cordon, "node uncordon": NodeCommands.uncordon, "serve": ServeCommand.run,
    "status": EngineCommands.status, "metrics": EngineCommands.metrics, "db migrate": EngineCommands.migrate,
    "db status": EngineCommands.schema, "db check": EngineCommands.check, "version": EngineCommands.version,
  ]
}
