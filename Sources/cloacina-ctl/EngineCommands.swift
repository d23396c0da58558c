import CloacinaRuntime
import CommandLineInterface
import RuntimeAPI
import WorkflowModel

/// `status`, `metrics`, `db …` and `version`.
enum EngineCommands {
  static func status(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    let session = try Session.open(invocation, console)
    defer { session.close() }
    try console.show(
      session.perform("engine.status", [("tenant", invocation["tenant"].map(JSONValue.string))]).document)
    return .success
  }

  static func metrics(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    try requireDatabase(invocation)
    let session = try Session.open(invocation, console)
    defer { session.close() }
    try console.show(session.perform("engine.metrics").document)
    return .success
  }

  /// Opening a database migrates it; what is left to do is to show the result.
  static func migrate(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    if invocation.has("dry-run") { return try plan(invocation, console) }
    let session = try Session.open(invocation, console)
    defer { session.close() }
    try console.show(session.perform("db.schema").document)
    return .success
  }

  /// Asks the database itself, beside a daemon that may serve it: nothing is opened for work.
  private static func plan(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    let choice = try DatabaseChoice.make(invocation)
    let steps = try asking { () throws(RuntimeError) in try Runtime.migrationPlan(databaseURL: choice.url) }
    try console.show(steps.contract(database: choice.shown, showsSQL: invocation.has("show-sql")))
    return .success
  }

  static func schema(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    try requireDatabase(invocation)
    return try migrate(invocation, console)
  }

  static func check(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    try requireDatabase(invocation)
    let session = try Session.open(invocation, console)
    defer { session.close() }
    let document = try session.perform("db.check").document
    try console.show(document)
    return document["sound"]?.bool == true ? .success : .usage
  }

  static func version(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    try console.show(.document("version", [("version", .string(Runtime.version))]))
    return .success
  }

  /// A question about a database must not create it.
  private static func requireDatabase(_ invocation: Invocation) throws(CommandError) {
    guard let path = try DatabaseChoice.make(invocation).path, !Files.exists(path) else { return }
    throw CommandError(
      .notFound, kind: "not_found", code: "CLO-C005", "there is no database at \(path)",
      fix: "cloacina-ctl db migrate --db sqlite:\(path)")
  }
}
