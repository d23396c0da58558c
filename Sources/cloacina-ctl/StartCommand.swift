import CommandLineInterface
import RuntimeAPI
import Threading
import WorkflowModel

/// `start`: records runs and, with `--wait`, stays until they are over.
enum StartCommand {
  static func run(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    let input = try input(invocation["input"])
    let waits = invocation.has("wait")
    let session = try Session.open(invocation, console, for: waits ? .work : .questions)
    defer { session.close() }
    let started = try session.perform(
      "run.start",
      [
        ("workflow", .string(invocation.operands[0])), ("tenant", .string(invocation.tenant)),
        ("idempotency_key", invocation["idempotency-key"].map(JSONValue.string)),
        ("count", invocation.number("count").map(JSONValue.integer)),
      ], attachment: input
    ).document
    if waits { return try wait(started, session, invocation, console) }
    try console.show(started)
    if !session.hasDaemon { console.note("recorded; no daemon is running that could work on it: cloacina-ctl serve") }
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
    _ started: JSONValue, _ session: Session, _ invocation: Invocation, _ console: Console
  ) throws(CommandError) -> ExitCode {
    let ids = Renderer.items(of: started).compactMap { $0["id"] }
    let deadline = invocation.number("timeout").map { Clock.monotonic + UInt64($0) * 1_000_000_000 }
    var runs: [JSONValue] = []
    for id in ids {
      let left = deadline.map { Int64(max($0, Clock.monotonic) - Clock.monotonic) / 1_000_000 }
      _ = try session.perform("run.wait", [("id", id), ("timeout_ms", left.map(JSONValue.integer))])
      runs.append(try session.perform("run.show", [("id", id)]).document)
    }
    try console.show(runs.count == 1 ? runs[0] : .list("runs", runs))
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
