import CommandLineInterface
import RuntimeAPI
import Threading
import WorkflowModel

/// `start`: records runs and, with `--wait`, stays until they are over.
enum StartCommand {
  static func run(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    let input = try input(invocation["input"])
    var lines: LineSource?
    var total = invocation.number("count") ?? 1
    if let path = invocation["input-lines"] {
      // Every line is checked before the first run is started.
      let source = try LineSource.open(path)
      total = 0
      try source.read(keyField: invocation["key-field"]) { _ throws(CommandError) in total += 1 }
      lines = source
    }
    let waits = invocation.has("wait")
    let session = try Session.open(invocation, console, for: waits ? .work : .questions)
    defer { session.close() }
    let report = StartReport(console, lines == nil && total == 1 ? .single : .list, isKept: waits)
    var batches = StartBatches(session, invocation, console, total: total, report: report)
    if let lines {
      try lines.read(keyField: invocation["key-field"]) { line throws(CommandError) in try batches.add(line) }
      try batches.sendLines()
    } else {
      try batches.start(input: input)
    }
    let started = try batches.finish()
    let missing = try session.missingService()
    if waits { return try wait(started, missing, session, invocation, console) }
    if total > 0, let missing { console.note("recorded; \(missing)") }
    return .success
  }

  /// The bytes of `--input`: the text itself, a file's with `@`, standard input's with `-`.
  private static func input(_ value: String?) throws(CommandError) -> [UInt8] {
    guard let value else { return [] }
    let bytes: [UInt8] =
      if value == "-" {
        try Files.read("-", what: "--input")
      } else if value.hasPrefix("@") {
        try Files.read(String(value.dropFirst()), what: "--input")
      } else { Array(value.utf8) }
    let problem: String?
    do throws(JSONError) {
      problem = try JSONReader.read(bytes).members == nil ? "it is JSON, but not an object" : nil
    } catch { problem = error.description }
    guard let problem else { return bytes }
    throw .invalid(
      "CLO-C006", "--input is not a JSON object: \(problem)",
      fix: "pass an object, for example --input '{\"rows\": 5}', or --input @FILE")
  }

  private static func wait(
    _ started: [JSONValue], _ missing: String?, _ session: Session, _ invocation: Invocation, _ console: Console
  ) throws(CommandError) -> ExitCode {
    if session.isShared, let missing { console.note(missing) }
    let ids = started.compactMap { $0["id"] }
    let deadline = invocation.number("timeout").map { Clock.monotonic + UInt64($0) * 1_000_000_000 }
    var runs: [JSONValue] = []
    for id in ids {
      let left = deadline.map { Int64(max($0, Clock.monotonic) - Clock.monotonic) / 1_000_000 }
      _ = try session.perform("run.wait", [("id", id), ("timeout_ms", left.map(JSONValue.integer))])
      runs.append(try session.perform("run.show", [("id", id)]).document)
    }
    let isSingle = runs.count == 1 && invocation["input-lines"] == nil
    try console.show(isSingle ? runs[0] : .list("runs", runs))
    let unfinished = runs.filter { RunStatus($0)?.isTerminal != true }
    guard unfinished.isEmpty else {
      throw CommandError(
        .timeout, kind: "timeout", code: "CLO-C007",
        "\(Quantity.count(unfinished.count, "run")) not over after \(invocation["timeout"] ?? "0") s",
        fix: "it goes on if a daemon is running: cloacina-ctl run follow \(unfinished[0]["id"]?.text ?? "ID")")
    }
    return runs.allSatisfy { RunStatus($0) == .succeeded } ? .success : .runFailed
  }
}

extension RunStatus {
  /// The status of a `cloacina.run/1`.
  init?(_ run: JSONValue) {
    guard let word = run["status"]?.text else { return nil }
    self.init(rawValue: word)
  }
}
