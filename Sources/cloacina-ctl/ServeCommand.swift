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
    let socket = choice.isShared ? nil : try socket(choice)
    let configuration = try configuration(invocation, choice)
    try StopSignal.install()
    let runtime = try open(configuration, choice)
    var server: ControlServer?
    do throws(CommandError) { server = try socket.map { path throws(CommandError) in try listen(path, runtime) } } catch
    {
      runtime.close(drainMilliseconds: 0)
      throw error
    }
    do throws(CommandError) { try announce(configuration, socket, choice, console) } catch {
      Log.write(.warning, "the ready line was not written", [("reason", error.message)])
    }
    let number = StopSignal.wait()
    stop(runtime, server, signal: number, drainSeconds: drainSeconds(invocation))
    return .success
  }

  private static func listen(_ path: String, _ runtime: Runtime) throws(CommandError) -> ControlServer {
    let operations = Operations(runtime: runtime, daemon: DaemonIdentity(processID: getpid(), socket: path))
    return try asking { () throws(RuntimeError) in
      try ControlServer(path: path) { name, params, attachment, progress throws(RuntimeError) in
        try operations.perform(name, params: params, attachment: attachment, progress: progress)
      }
    }
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
    configuration.nodeName = try nodeName(invocation["node"] ?? (choice.isShared ? Machine.name : "local"))
    configuration.tags = invocation.list("tags")
    configuration.types = invocation.list("types")
    if let lease = invocation.number("lease") { configuration.leaseMilliseconds = Int64(lease) * 1000 }
    configuration.cacheFolder = invocation["cache"]
    configuration.care = RunnerOptions.care(invocation)
    if let images = invocation.number("images") { configuration.host.imageLimit = images }
    configuration.retentionDays = invocation.number("retain")
    configuration.auditRetentionDays = invocation.number("retain-audit")
    configuration.drainMilliseconds = Int64(drainSeconds(invocation)) * 1000
    return configuration
  }

  private static func drainSeconds(_ invocation: Invocation) -> Int { invocation.number("drain") ?? 10 }

  /// The name stands in leases, lists and logs, and is an operand: it must be one plain word.
  private static func nodeName(_ name: String) throws(CommandError) -> String {
    let isPlain = name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } && !name.hasPrefix("-")
    guard isPlain, name.utf8.count <= 64 else {
      throw .invalid(
        "CLO-C015", "'\(name)' cannot be the name of a node",
        fix: "use at most 64 letters, digits and signs without spaces: --node worker-1")
    }
    return name
  }

  private static func socket(_ choice: DatabaseChoice) throws(CommandError) -> String {
    guard let path = choice.path else {
      // Text that names no database is refused by the runtime, in its own words, before anything listens.
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

  private static func announce(
    _ configuration: RuntimeConfiguration, _ socket: String?, _ choice: DatabaseChoice, _ console: Console
  ) throws(CommandError) {
    try console.show(
      .document(
        "serving",
        [
          ("version", .string(Runtime.version)), ("database", .string(choice.shown)),
          ("node", .string(configuration.nodeName)), ("socket", .optional(socket)), ("process_id", .integer(getpid())),
        ]))
    let fields =
      [("database", choice.shown), ("node", configuration.nodeName)] + (socket.map { [("socket", $0)] } ?? [])
    Log.write(.info, "serving", fields)
  }

  /// The socket file goes first, while the database's lock still keeps a successor from making its own.
  private static func stop(_ runtime: Runtime, _ server: ControlServer?, signal: Int32, drainSeconds: Int) {
    Log.write(.info, "stopping", [("signal", String(signal)), ("drain_s", String(drainSeconds))])
    server?.stopAccepting()
    runtime.close(drainMilliseconds: Int64(drainSeconds) * 1000)
    server?.stop()
    Log.write(.info, "stopped")
  }
}
