import CloacinaRuntime
import Glibc
import WorkflowModel
import WorkflowStore

/// A real node: `cloacina-ctl serve` as a process of its own.
final class ServeNode {
  let name: String
  private let process: ChildProcess

  /// Starts it and waits until it says that it is ready.
  init(_ database: ScratchDatabase, _ name: String, _ arguments: [String] = []) throws {
    self.name = name
    let options = database.options
    let log = "\(options.folder)/\(name).log"
    let cache = options.isPostgres ? ["--cache", "\(options.folder)/cache"] : []
    process = try ChildProcess(
      "\(options.programs)/cloacina-ctl", ["serve", "--db", database.url, "--node", name] + cache + arguments, log: log)
    guard process.line() != nil else { throw BenchError("node \(name) does not serve; its log is \(log)") }
  }

  func stop() { process.end(SIGTERM) }

  /// As a power failure would end it.
  func kill() { process.end(SIGKILL) }
}

extension Runtime {
  /// Waits until that node fulfils the condition.
  func wait(for node: ServeNode, _ what: String, _ condition: (NodeDetail) -> Bool) throws {
    try poll("node \(node.name) is not \(what)", milliseconds: 20) {
      try nodes().contains { $0.report.name == node.name }
        && self.node(named: node.name).contains { $0.node.isAlive && condition($0) }
    }
  }

  /// Waits until that node takes in work and has every package in place.
  func awaitReady(_ node: ServeNode) throws {
    try wait(for: node, "ready") { detail in
      detail.node.report.state == .ready && !detail.packages.isEmpty && detail.packages.allSatisfy(\.isStaged)
    }
  }
}

/// Asks again and again, pausing in between, until the condition holds.
///
/// - Throws: ``BenchError`` with the complaint after `seconds`.
func poll(_ complaint: String, milliseconds: UInt32, seconds: Int = 60, _ condition: () throws -> Bool) throws {
  let pauses = seconds * 1000 / Int(milliseconds)
  for _ in 0..<pauses {
    if try condition() { return }
    usleep(milliseconds * 1000)
  }
  throw BenchError("\(complaint) after \(seconds) s")
}
