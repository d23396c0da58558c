import CloacinaRuntime
import CommandLineInterface
import Glibc
import PackageHost
import RuntimeAPI
import Threading
import WorkflowModel

/// A way to ask the engine: the daemon that serves the database, or the database opened by this command.
final class Session {
  /// What an embedded engine is opened for.
  enum Purpose { case questions, work }

  private enum Engine {
    case daemon(ControlClient)
    case embedded(Runtime, Operations)
  }

  /// How long a command waits for another one that has the database open, in nanoseconds.
  static let patience: UInt64 = 5_000_000_000

  private let engine: Engine

  private init(_ engine: Engine, isShared: Bool) {
    self.engine = engine
    self.isShared = isShared
  }

  /// The database is on a server: nodes may work on it beside this command, and may come later.
  let isShared: Bool

  /// True when runs go on, or may, while this command waits for them.
  var canWait: Bool {
    switch engine {
    case .daemon: true
    case .embedded: isShared
    }
  }

  /// Nil when somebody works on what this command leaves in the database; else what to do about it.
  func missingService() throws(CommandError) -> String? {
    switch engine {
    case .daemon: return nil
    case .embedded where !isShared: return "no daemon is running that could work on it: cloacina-ctl serve"
    case .embedded:
      let nodes = Renderer.items(of: try perform("node.list").document)
      let isServed = nodes.contains { $0["alive"]?.bool == true && $0["state"]?.text == "ready" }
      return isServed ? nil : "no node is serving; start one on this database: cloacina-ctl serve"
    }
  }

  /// Finds the daemon of the chosen database, or opens that database.
  ///
  /// While a daemon starts or stops it owns the database without listening; and another command may have it open
  /// for a moment. So a locked database is tried again for a while.
  static func open(_ invocation: Invocation, _ console: Console, for purpose: Purpose = .questions)
    throws(CommandError) -> Session
  {
    let choice = try DatabaseChoice.make(invocation)
    console.detail("database \(choice.shown) (\(choice.origin))")
    let sockets = choice.path.map(Session.sockets) ?? []
    let deadline = Clock.monotonic + patience
    while true {
      if let client = try asking({ () throws(RuntimeError) in try ControlClient.connect(sockets) }) {
        console.detail("asking the daemon on \(client.path)")
        return Session(.daemon(client), isShared: false)
      }
      do throws(CommandError) { return try embed(choice, console, purpose) } catch {
        guard error.code == "CLO-S002", Clock.monotonic < deadline else { throw error }
        usleep(20_000)
      }
    }
  }

  /// Where a daemon of the database at `path` may listen.
  static func sockets(_ path: String) -> [String] {
    ControlSocket.candidates(database: path, runtimeFolder: Environment.value("XDG_RUNTIME_DIR"))
  }

  private static func embed(_ choice: DatabaseChoice, _ console: Console, _ purpose: Purpose) throws(CommandError)
    -> Session
  {
    var configuration = RuntimeConfiguration(
      databaseURL: choice.url, host: HostConfiguration(runnerPath: RunnerPath.find() ?? RunnerPath.expected))
    // On a shared database work is done by those who serve it.
    configuration.executes = purpose == .work && !choice.isShared
    if choice.isShared { configuration.nodeName = Machine.name }
    let runtime = try asking { () throws(RuntimeError) in try Runtime.open(configuration) }
    console.detail(
      choice.isShared ? "the database is shared" : "no daemon listens; the database is opened by this command")
    return Session(.embedded(runtime, Operations(runtime: runtime, daemon: nil)), isShared: choice.isShared)
  }

  /// Does one operation; a parameter that is nil is left out.
  ///
  /// - Parameter progress: told how far it is meanwhile.
  func perform(
    _ name: String, _ parameters: [(String, JSONValue?)] = [], attachment: [UInt8] = [], progress: ProgressSink? = nil
  ) throws(CommandError) -> Answer {
    let params = JSONValue.object(parameters.compactMap { name, value in value.map { JSONMember(name, $0) } })
    return try asking { () throws(RuntimeError) in
      switch engine {
      case .daemon(let client): try client.perform(name, params, attachment: attachment, progress: progress)
      case .embedded(_, let operations):
        try operations.perform(name, params: params, attachment: attachment, progress: progress ?? { _ in })
      }
    }
  }

  /// Leaves the daemon alone, or closes the database; tasks still running get a moment to end.
  func close() {
    if case .embedded(let runtime, _) = engine { runtime.close(drainMilliseconds: 2000) }
  }
}

extension RunnerPath {
  /// The runner's path for commands that load packages.
  static func required() throws(CommandError) -> String {
    if let found = find() { return found }
    throw CommandError(
      .unavailable, kind: "unavailable", code: "CLO-C004", "the program cloacina-runner is not at \(expected)",
      fix: "install it there, or set CLOACINA_RUNNER to its path")
  }
}
