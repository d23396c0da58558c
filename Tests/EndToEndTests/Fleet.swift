import Foundation
import Testing
import WorkflowModel

/// Several nodes on a schema of its own in the PostgreSQL that the tests were given.
final class Fleet {
  /// One `serve` process.
  struct Node {
    let name: String
    let command: RunningCommand
    /// What it is called in leases.
    let bootID: String
  }

  /// Seconds; short, so that what a lost node held changes hands within a test.
  static let lease = 2
  /// Milliseconds within which that has to have happened, by the database's clock.
  static let recovery = Double(lease + 2) * 1000

  let workspace: Workspace
  let schema = "e2e_" + UUID().uuidString.filter { $0 != "-" }.lowercased()
  private let server: String
  /// Nodes say in the list of sessions what schema they work on.
  private let nodeURL: String

  init() throws {
    server = try #require(
      ProcessInfo.processInfo.environment["CLOACINA_TEST_POSTGRES"],
      "start the tests with Scripts/test, which gives them a PostgreSQL")
    let url = server + (server.contains("?") ? "&" : "?") + "schema=" + schema
    nodeURL = "\(url)&application_name=\(schema)"
    workspace = try Workspace(databaseURL: url)
  }

  deinit {
    workspace.killDaemons()
    _ = try? sql("DROP SCHEMA IF EXISTS \(schema) CASCADE")
  }

  // MARK: Nodes

  /// Starts a node with a folder of its own for packages, as on a machine of its own, and waits until it serves.
  func serve(_ name: String, slots: Int = 8, lease: Int = Fleet.lease, _ more: String...) throws -> Node {
    let arguments = ["--node", name, "--slots", "\(slots)", "--lease", "\(lease)"]
    let command = try workspace.serve(
      arguments + ["--db", nodeURL, "--cache", "\(workspace.folder)/cache-\(name)"] + more)
    return Node(
      name: name, command: command,
      bootID: try sql("SELECT boot_id FROM node WHERE name = '\(name)' AND process_id = \(command.processID)"))
  }

  /// Ends the node at once and returns the time of that, as SQL.
  func kill(_ node: Node) throws -> String {
    let time = try now()
    node.command.kill(SIGKILL)
    _ = node.command.finish()
    return time
  }

  /// The node that sweeps for all.
  func leader(of nodes: [Node]) throws -> Node {
    let bootID = try sql("SELECT node FROM duty_leader WHERE duty = 'sweep' AND lease_until > now()")
    return try #require(nodes.first { $0.bootID == bootID }, "'\(bootID)' leads")
  }

  /// Processes that the node has started.
  func runners(of node: Node) throws -> [Int32] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap(Int32.init).filter { process in
      let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
      return stat?.split(separator: ")").last?.split(separator: " ").dropFirst().first == "\(node.command.processID)"
    }
  }

  // MARK: Packages and runs

  /// Registers and activates the package that writes down where it ran.
  func activateCrew(_ version: String = "1.0.0", tenant: String = "public") throws {
    let archive = try workspace.build("Tests/Packages/Crew", version: version)
    _ = try workspace.json("package", "register", archive, "--activate", "--tenant", tenant)
  }

  var ledger: String { "\(workspace.folder)/ledger" }
  var gate: String { "\(workspace.folder)/gate" }

  /// The input of runs that write to the ledger.
  ///
  /// - Parameters:
  ///   - milliseconds: how long each task takes.
  ///   - hold: the task that waits for the gate.
  func input(milliseconds: Int = 0, hold: String? = nil) -> String {
    let held = hold.map { ",\"hold\":\"\($0)\",\"gate\":\"\(gate)\"" } ?? ""
    return "{\"ledger\":\"\(ledger)\",\"ms\":\(milliseconds)\(held)}"
  }

  /// Starts runs in one transaction and returns their ids.
  func start(_ workflow: String, count: Int = 1, _ input: String, _ more: String...) throws -> [String] {
    let arguments = ["start", workflow, "--count", "\(count)", "--input", input, "--output", "id"]
    let result = try workspace.launch(arguments + more).finish()
    try #require(result.status == 0, "start \(workflow): \(result.errors)")
    return result.output.split(separator: "\n").map(String.init)
  }

  /// Starts runs one by one, so that nodes share them, until `isEnough`.
  func startOneByOne(_ workflow: String, _ input: String, until isEnough: () throws -> Bool) throws -> [String] {
    var ids: [String] = []
    while true {
      ids += try start(workflow, input)
      if try isEnough() { return ids }
      try #require(ids.count < 500, "\(ids.count) runs of \(workflow) were not enough")
    }
  }

  func count(_ rows: String) throws -> Int { try #require(Int(try sql("SELECT count(*) FROM \(rows)"))) }

  /// Runs that the node has leased.
  func held(by node: Node) throws -> Int {
    try count("workflow_run WHERE status = 'leased' AND leased_by = '\(node.bootID)'")
  }

  func waitUntilAllSucceeded(_ runs: Int) throws {
    try wait("\(runs) runs to succeed") { try count("workflow_run WHERE status = 'succeeded'") >= runs }
  }

  // MARK: Asking

  /// The time of the database, as an SQL literal.
  func now() throws -> String { "timestamptz '\(try sql("SELECT clock_timestamp()"))'" }

  /// Runs plain SQL in a session of its own, as a person would, and returns what it prints.
  func sql(_ statement: String) throws -> String { try psql(["--command", statement]) }

  func psql(_ arguments: [String], input: String? = nil) throws -> String {
    var environment = ProcessInfo.processInfo.environment
    environment["PGOPTIONS"] = "-c search_path=\(schema)"
    let shell = try RunningCommand(
      "/usr/bin/psql", ["-XqAt", "--set", "ON_ERROR_STOP=1", "--dbname", server] + arguments, environment: environment,
      input: input, in: workspace.folder)
    let result = shell.finish()
    try #require(result.status == 0, "\(arguments): \(result.errors)")
    return result.output.trimmingCharacters(in: .newlines)
  }

  /// Asks again and again until it is so; bounded by a minute.
  func wait(_ what: String, until isSo: () throws -> Bool) throws {
    try workspace.wait(what, until: isSo)
  }
}
