import CloacinaRuntime
import CommandLineInterface
import Glibc
import PackageHost
import RuntimeAPI
import Telemetry
import Threading
import WorkflowModel

/// `serve`: the engine as a daemon in the foreground.
enum ServeCommand {
  static func run(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    let choice = try DatabaseChoice.make(invocation)
    let identity = DaemonIdentity(processID: getpid(), socket: try socket(choice))
    let configuration = try configuration(invocation, choice)
    try StopSignal.install()
    let runtime = try open(configuration, choice)
    let server: ControlServer
    do throws(RuntimeError) {
      let operations = Operations(runtime: runtime, daemon: identity)
      server = try ControlServer(path: identity.socket) { name, params, attachment throws(RuntimeError) in
        try operations.perform(name, params: params, attachment: attachment)
      }
    } catch {
      runtime.close(drainMilliseconds: 0)
      throw CommandError(error)
    }
    do throws(CommandError) { try announce(identity, choice, console) } catch {
      Log.write(.warning, "the ready line was not written", [("reason", error.message)])
    }
    let number = StopSignal.wait()
    stop(runtime, server, signal: number, drainSeconds: invocation.number("drain") ?? 10)
    return .success
  }

  /// Takes the database. A command that has it open for a moment is waited for; another daemon is not.
  private static func open(_ configuration: RuntimeConfiguration, _ choice: DatabaseChoice) throws(CommandError)
    -> Runtime
  {
    let sockets = choice.path.map(Session.sockets) ?? []
    let deadline = Clock.monotonic + Session.patience
    while true {
      do throws(CommandError) {
        return try asking { () throws(RuntimeError) in try Runtime.open(configuration) }
      } catch {
        guard error.code == "CLO-S002", Clock.monotonic < deadline else { throw error }
        let daemon = try asking { () throws(RuntimeError) in try ControlClient.connect(sockets) }
        guard daemon == nil else { throw error }
        usleep(20_000)
      }
    }
  }

  private static func configuration(_ invocation: Invocation, _ choice: DatabaseChoice) throws(CommandError)
    -> RuntimeConfiguration
  {
    var configuration = RuntimeConfiguration(
      databaseURL: choice.url, host: HostConfiguration(runnerPath: try RunnerPath.required()))
    if let slots = invocation.number("slots") {
      configuration.slots = slots
      configuration.host.slots = slots
    }
    if let node = invocation["node"] { configuration.nodeName = node }
    return configuration
  }

  private static func socket(_ choice: DatabaseChoice) throws(CommandError) -> String {
    guard let path = choice.path else {
      // A database of another kind is refused by the runtime, in its own words, before anything listens.
      guard choice.isInMemory else { return "" }
      throw .invalid(
        "CLO-C010", "a database in memory cannot be served: no command could reach it",
        fix: "use a file: --db sqlite:PATH")
    }
    guard let socket = Session.sockets(path).first else {
      throw .invalid("CLO-C010", "the path \(path) is too long for a socket beside it", fix: "set XDG_RUNTIME_DIR")
    }
    return socket
  }

  private static func announce(_ identity: DaemonIdentity, _ choice: DatabaseChoice, _ console: Console)
    throws(CommandError)
  {
    try console.show(
      .document(
        "serving",
        [
          ("version", .string(Runtime.version)), ("database", .string(choice.url)),
          ("socket", .string(identity.socket)), ("process_id", .integer(identity.processID)),
        ]))
    Log.write(.info, "serving", [("database", choice.url), ("socket", identity.socket)])
  }

  /// The socket file goes first, while the database's lock still keeps a successor from making its own.
  private static func stop(_ runtime: Runtime, _ server: ControlServer, signal: Int32, drainSeconds: Int) {
    Log.write(.info, "stopping", [("signal", String(signal)), ("drain_s", String(drainSeconds))])
    server.stopAccepting()
    runtime.close(drainMilliseconds: Int64(drainSeconds) * 1000)
    server.stop()
    Log.write(.info, "stopped")
  }
}
