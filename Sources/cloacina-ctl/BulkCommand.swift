import CommandLineInterface
import RuntimeAPI
import WorkflowModel

/// One deed to all runs that a query names, page by page from the newest to the oldest.
///
/// Each page is a transaction. After an interruption the same command goes on with what is left: what is as it should
/// be is left alone. Runs that it opened again may have ended meanwhile, so a query has to leave those out.
struct BulkCommand {
  private struct Refusal {
    var code: String
    var message: String
    var fix: JSONValue
    var count: Int64
  }

  let session: Session
  let console: Console
  let action: String
  let query: String
  let parameters: [(String, JSONValue?)]
  let attachment: [UInt8]
  let tenant: String
  private var examined: Int64 = 0
  private var changed: Int64 = 0
  private var unchanged: Int64 = 0
  private var refusals: [Refusal] = []

  init(
    session: Session, console: Console, action: String, query: String, parameters: [(String, JSONValue?)],
    attachment: [UInt8], tenant: String
  ) {
    self.session = session
    self.console = console
    self.action = action
    self.query = query
    self.parameters = parameters
    self.attachment = attachment
    self.tenant = tenant
  }

  mutating func run(isAgreed: Bool, isDryRun: Bool) throws(CommandError) -> ExitCode {
    let count = try session.perform("run.count", which).document
    let matched = count["matched"]?.integer ?? 0
    guard isAgreed, !isDryRun else {
      try console.show(document(count, isDryRun: true))
      if isDryRun { return .success }
      throw .invalid(
        "CLO-C030", "\(Quantity.count(Int(matched), "run")) would be changed; nothing was",
        fix: "add --yes to go on, or --dry-run to look only")
    }
    announce(matched, count["sample"]?.elements ?? [])
    try work(matched, since: count["now_ms"] ?? .null)
    try console.show(document(count, isDryRun: false))
    if changed > 0, action != "cancel", let missing = try session.missingService() {
      console.note("recorded; \(missing)")
    }
    return refusals.isEmpty ? .success : .refused
  }

  private var which: [(String, JSONValue?)] { [("tenant", .string(tenant)), ("where", .string(query))] }

  private func announce(_ matched: Int64, _ sample: [JSONValue]) {
    guard matched > 0 else { return }
    let ids = sample.compactMap { $0["id"]?.text }.joined(separator: ", ")
    console.note("\(Quantity.count(Int(matched), "run")) to \(action), for example \(ids)")
  }

  private mutating func work(_ matched: Int64, since now: JSONValue) throws(CommandError) {
    var last: JSONValue = .null
    var told: Int64 = 0
    defer { console.endProgress() }
    repeat {
      let page: JSONValue
      do throws(CommandError) {
        page = try session.perform(
          "run.bulk", which + parameters + [("action", .string(action)), ("now_ms", now), ("before", last)],
          attachment: attachment
        ).document
      } catch { throw interrupted(error, since: now) }
      take(page)
      last = page["last"] ?? .null
      console.progress(bar(matched))
      if examined / 1000 > told {
        told = examined / 1000
        console.line("\(examined) of \(matched) runs")
      }
    } while last != .null
  }

  private mutating func take(_ page: JSONValue) {
    examined += page["examined"]?.integer ?? 0
    changed += page["changed"]?.integer ?? 0
    unchanged += page["unchanged"]?.integer ?? 0
    for refused in page["refused"]?.elements ?? [] {
      let (code, message) = (refused["code"]?.text ?? "", refused["message"]?.text ?? "")
      let count = refused["count"]?.integer ?? 0
      if let place = refusals.firstIndex(where: { $0.code == code && $0.message == message }) {
        refusals[place].count += count
      } else {
        refusals.append(Refusal(code: code, message: message, fix: refused["fix"] ?? .null, count: count))
      }
    }
  }

  private func bar(_ matched: Int64) -> String {
    let filled = Int(min(20, examined * 20 / max(matched, 1)))
    let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: 20 - filled)
    return "[\(bar)] \(examined) of \(matched) runs"
  }

  /// What was done before the failure stays done, so it is said.
  private func interrupted(_ error: CommandError, since now: JSONValue) -> CommandError {
    guard examined > 0 else { return error }
    var error = error
    error.message += "; \(examined) runs were gone through before, \(changed) of them changed"
    error.fix = "repeat the command\(restriction(now)): it goes on with what is left"
    return error
  }

  /// Keeps out runs that were opened by this command and have ended since.
  private func restriction(_ now: JSONValue) -> String {
    guard action == "retry", let began = now.integer else { return "" }
    return " with the query '(\(query)) and ended < \(TimestampFormat.rfc3339(began))'"
  }

  /// `cloacina.bulk/1`
  private func document(_ count: JSONValue, isDryRun: Bool) -> JSONValue {
    let refused = refusals.map { refusal in
      JSONValue.object([
        JSONMember("code", .string(refusal.code)), JSONMember("message", .string(refusal.message)),
        JSONMember("fix", refusal.fix), JSONMember("count", .integer(refusal.count)),
      ])
    }
    return .document(
      "bulk",
      [
        ("action", .string(action)), ("where", .string(query)), ("dry_run", .bool(isDryRun)),
        ("matched", count["matched"] ?? .null), ("examined", .integer(examined)), ("changed", .integer(changed)),
        ("unchanged", .integer(unchanged)), ("refused", .integer(refusals.reduce(0) { $0 + $1.count })),
        ("reasons", .array(refused)), ("sample", count["sample"] ?? .array([])),
      ])
  }
}
