import CommandLineInterface
import RuntimeAPI
import WorkflowModel

/// Starts the runs of one command, a transaction at a time, and keeps the user informed.
struct StartBatches {
  let session: Session
  let invocation: Invocation
  let console: Console
  /// Runs to be started, as far as known beforehand.
  let total: Int
  private(set) var started = 0
  private var report: StartReport

  /// Runs in one transaction, and the bytes after which it is sent with fewer.
  private static let runLimit = Int(Operations.startLimit)
  private static let byteLimit = 8 << 20

  private var lines: [InputLines.Line] = []
  private var lineBytes = 0

  init(_ session: Session, _ invocation: Invocation, _ console: Console, total: Int, report: StartReport) {
    self.session = session
    self.invocation = invocation
    self.console = console
    self.total = total
    self.report = report
  }

  /// Starts `total` runs with one input.
  mutating func start(input: [UInt8]) throws(CommandError) {
    while started < total {
      let count = min(StartBatches.runLimit, total - started)
      try send("run.start", [("count", .integer(count)), ("idempotency_key", key)], input)
    }
  }

  /// Takes one more line; it is sent with others.
  mutating func add(_ line: InputLines.Line) throws(CommandError) {
    lines.append(line)
    lineBytes += line.bytes.count + 1
    if lines.count == StartBatches.runLimit || lineBytes >= StartBatches.byteLimit { try sendLines() }
  }

  mutating func sendLines() throws(CommandError) {
    guard !lines.isEmpty else { return }
    let keys: JSONValue? = invocation["key-field"].map { _ in .array(lines.map { .optional($0.key) }) }
    let attachment = Array(lines.map(\.bytes).joined(separator: [UInt8(ascii: "\n")]))
    (lines, lineBytes) = ([], 0)
    try send("run.start_lines", [("keys", keys)], attachment)
  }

  /// Prints what is left to print, or hands over what was started for waiting.
  mutating func finish() throws(CommandError) -> [JSONValue] {
    console.endProgress()
    return try report.finish()
  }

  private var key: JSONValue? { invocation["idempotency-key"].map(JSONValue.string) }

  private mutating func send(_ operation: String, _ parameters: [(String, JSONValue?)], _ attachment: [UInt8])
    throws(CommandError)
  {
    let labels = invocation.all("label")
    let common: [(String, JSONValue?)] = [
      ("workflow", .string(invocation.operands[0])), ("tenant", .string(invocation.tenant)),
      ("version", invocation["version"].map(JSONValue.string)),
      ("labels", labels.isEmpty ? nil : .array(labels.map(JSONValue.string))),
    ]
    let answer: JSONValue
    do throws(CommandError) {
      answer = try session.perform(operation, common + parameters, attachment: attachment).document
    } catch {
      console.endProgress()
      throw try interrupted(error)
    }
    started += Renderer.items(of: answer).count
    try report.add(answer)
    if total > StartBatches.runLimit { console.progress("started \(started) of \(total) runs") }
  }

  /// What was started before the failure stays started, so it is said and printed.
  private mutating func interrupted(_ error: CommandError) throws(CommandError) -> CommandError {
    guard started > 0 else { return error }
    try report.abandon()
    var error = error
    error.message += "; \(started) of \(total) runs were started before"
    return error
  }
}

/// Prints started runs batch by batch, as one document where the format is one document.
struct StartReport {
  enum Shape { case single, list }

  private let console: Console
  private let shape: Shape
  /// Keeps what was started instead of printing it.
  private let isKept: Bool
  private var kept: [JSONValue] = []
  private var hasBegun = false

  init(_ console: Console, _ shape: Shape, isKept: Bool) {
    self.console = console
    self.shape = shape
    self.isKept = isKept
  }

  mutating func add(_ answer: JSONValue) throws(CommandError) {
    let items = Renderer.items(of: answer)
    if isKept {
      kept += items
    } else if shape == .single {
      try console.show(answer)
    } else if console.format == "json" {
      let separator = hasBegun ? "," : StartReport.opening
      if !items.isEmpty { try console.write(separator + items.map(\.json).joined(separator: ",")) }
    } else {
      try console.show(.list("starts", items))
    }
    if !items.isEmpty { hasBegun = true }
  }

  /// Ends the document.
  ///
  /// - Returns: what was kept instead of printed.
  mutating func finish() throws(CommandError) -> [JSONValue] {
    if !isKept, shape == .list, console.format == "json" {
      try console.write((hasBegun ? "" : StartReport.opening) + "]}\n")
    }
    return kept
  }

  /// Prints everything that was started, also what was kept.
  mutating func abandon() throws(CommandError) {
    if isKept { try console.show(.list("starts", kept)) } else { _ = try finish() }
  }

  private static let opening = "{\"schema\":\"cloacina.starts/1\",\"starts\":["
}
