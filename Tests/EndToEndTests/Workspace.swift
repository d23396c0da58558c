import Foundation
import Testing
import WorkflowModel

/// A folder of its own for one test, with a database in it; everything goes through the command.
final class Workspace {
  static let root: String = {
    var folder = URL(fileURLWithPath: #filePath)
    while folder.path != "/", !FileManager.default.fileExists(atPath: "\(folder.path)/Package.swift") {
      folder.deleteLastPathComponent()
    }
    return folder.path
  }()

  /// The folder of the test binary, which is where the command is built too.
  static let binaries: String = {
    let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    let maps = (try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8)) ?? ""
    let bundle = maps.split(separator: "\n").compactMap { line -> String? in
      guard line.hasSuffix(".xctest"), let slash = line.firstIndex(of: "/") else { return nil }
      return String(line[slash...])
    }.first
    return URL(fileURLWithPath: bundle ?? executable.path).deletingLastPathComponent().path
  }()

  let folder: String
  /// The database file, for a workspace on SQLite.
  let database: String
  private let databaseURL: String
  private var daemons: [RunningCommand] = []
  /// Runs plain SQL on a database that is no file; nil: the file is asked.
  var ask: ((String) throws -> String)?
  /// What is left to do there at the end.
  var lastStatement: String?
  /// Variables for the commands that are started from now on.
  var variables: [String: String] = [:]

  /// - Parameter databaseURL: a database that is no file; nil for a file in the folder.
  init(databaseURL: String? = nil) throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("cloacina-e2e-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    database = "\(folder)/test.db"
    self.databaseURL = databaseURL ?? "sqlite:\(database)"
  }

  /// A test that failed half-way leaves no daemon behind.
  deinit {
    killDaemons()
    if let lastStatement { _ = try? ask?(lastStatement) }
    try? FileManager.default.removeItem(atPath: folder)
  }

  func killDaemons() {
    for daemon in daemons where daemon.process.isRunning {
      daemon.kill(SIGKILL)
      daemon.process.waitUntilExit()
    }
  }

  var environment: [String: String] {
    var environment = ProcessInfo.processInfo.environment
    environment["CLOACINA_DB"] = databaseURL
    // Compilers keep theirs.
    if !databaseURL.hasPrefix("sqlite:") { environment["XDG_CACHE_HOME"] = "\(folder)/cache" }
    environment["CLOACINA_SDK"] = Workspace.root
    environment["NO_COLOR"] = "1"
    return environment.merging(variables) { $1 }
  }

  /// Starts `cloacina-ctl` with `arguments`, and `input` on its standard input.
  func launch(_ arguments: [String], input: String? = nil) throws -> RunningCommand {
    try RunningCommand(
      "\(Workspace.binaries)/cloacina-ctl", arguments, environment: environment, input: input, in: folder)
  }

  /// Runs `cloacina-ctl` to its end.
  func ctl(_ arguments: String...) throws -> CommandResult { try launch(arguments).finish() }

  /// Runs `cloacina-ctl`, which must succeed, and returns its output as JSON.
  func json(_ arguments: String...) throws -> JSONValue {
    let result = try launch(arguments + ["--output", "json"]).finish()
    try #require(result.status == 0, "\(arguments.joined(separator: " ")): \(result.errors)")
    return try result.json
  }

  /// Runs a statement in the `sqlite3` shell, or the other store's, and returns what it prints.
  func sql(_ statement: String) throws -> String {
    if let ask { return try ask(statement) }
    let shell = try RunningCommand(
      "/usr/bin/sqlite3",
      ["-cmd", ".timeout 5000", "-cmd", "PRAGMA wal_autocheckpoint = 0", database, statement], environment: environment,
      in: folder)
    let result = shell.finish()
    try #require(result.status == 0, "\(statement): \(result.errors)")
    // The first line is the answer of the pragma: only the daemon may checkpoint.
    return result.output.split(separator: "\n", omittingEmptySubsequences: false).dropFirst().joined(separator: "\n")
      .trimmingCharacters(in: .newlines)
  }

  /// Builds a package of the repository, or a copy of it changed by `edit`, and returns the archive's path.
  func build(_ path: String, edit: (String) throws -> Void = { _ in }) throws -> String {
    let copy = "\(folder)/source-\(UUID().uuidString)"
    try FileManager.default.copyItem(atPath: "\(Workspace.root)/\(path)", toPath: copy)
    try edit(copy)
    let archive = "\(copy).cloacina"
    let result = try ctl("package", "build", copy, "--file", archive)
    try #require(result.status == 0, "package build \(path): \(result.errors)")
    return archive
  }

  /// The ledger package in the version asked for.
  func ledger(_ version: String) throws -> String { try build("Tests/Packages/Ledger", version: version) }

  /// A package of the repository, which says that it is 1.0.0, in the version asked for.
  func build(_ path: String, version: String) throws -> String {
    try build(path) { copy in
      try Workspace.replace("version = \"1.0.0\"", by: "version = \"\(version)\"", in: "\(copy)/package.toml")
    }
  }

  static func replace(_ old: String, by new: String, in file: String) throws {
    let text = try String(contentsOfFile: file, encoding: .utf8)
    try #require(text.contains(old), "\(file) does not contain \(old)")
    try text.replacingOccurrences(of: old, with: new).write(toFile: file, atomically: true, encoding: .utf8)
  }

  /// Starts the daemon and waits until it says that it serves.
  func serve(_ arguments: String...) throws -> RunningCommand { try serve(arguments) }

  func serve(_ arguments: [String]) throws -> RunningCommand {
    let daemon = try launch(["serve"] + arguments)
    daemons.append(daemon)
    let line = daemon.firstLine()
    try #require(line?.contains("serving") == true, "serve said: \(line ?? "nothing")")
    return daemon
  }

  /// Ends the daemon in order and checks that it left cleanly.
  func stop(_ daemon: RunningCommand) {
    daemon.kill(SIGTERM)
    let result = daemon.finish()
    #expect(result.status == 0, "\(result.errors)")
  }

  /// Lines of a ledger file: run, task, attempt, version, what.
  func readLedger(_ path: String) -> [[String]] {
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
  }

  /// Asks again and again until it is so; bounded by a minute.
  func wait(_ what: @autoclosure () -> String, until isSo: () throws -> Bool) throws {
    let deadline = Date().addingTimeInterval(60)
    while try !isSo() {
      try #require(Date() < deadline, "waited a minute for \(what())")
      usleep(20_000)
    }
  }

  /// Blocks until `path` has at least `count` lines; by inotify-free polling of a file, bounded by a minute.
  func waitForLines(_ count: Int, in path: String) throws {
    let deadline = Date().addingTimeInterval(60)
    while readLedger(path).count < count {
      try #require(Date() < deadline, "\(path) has \(readLedger(path).count) of \(count) lines after a minute")
      usleep(2000)
    }
  }

  /// Ends every run that is waiting at `gate`.
  func openGate(_ gate: String) {
    #expect(FileManager.default.createFile(atPath: gate, contents: nil))
  }
}

extension Int32 {
  /// True while a process with this number exists and is no zombie.
  var isAlive: Bool {
    guard let stat = try? String(contentsOfFile: "/proc/\(self)/stat", encoding: .utf8) else { return false }
    return stat.split(separator: ")").last?.split(separator: " ").first != "Z"
  }
}
