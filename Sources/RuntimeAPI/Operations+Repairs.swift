import CloacinaRuntime
import WorkflowModel
import WorkflowStore

extension Operations {
  /// Most runs that one request may change: they are one transaction.
  package static let repairLimit: Int64 = 200
  /// Runs that a count shows.
  private static let sampleSize = 5

  static let repairOperations: [String: Operation] = [
    "run.retry": { operations, parameters, attachment throws(RuntimeError) in
      let run = try operations.find(&parameters)
      let request = try Operations.retry(&parameters, attachment)
      try parameters.finish()
      return Answer(try operations.runtime.repair(run, request).retryContract(run))
    },
    "run.migrate": { operations, parameters, _ throws(RuntimeError) in
      let run = try operations.find(&parameters)
      let request = try Operations.migration(&parameters)
      try parameters.finish()
      return Answer(try operations.runtime.repair(run, request).migrationContract(run))
    },
    "run.count": { operations, parameters, _ throws(RuntimeError) in try operations.count(&parameters) },
    "run.bulk": { operations, parameters, attachment throws(RuntimeError) in
      try operations.bulk(&parameters, attachment)
    },
  ]

  /// What `where` says, if it is there.
  func query(_ parameters: inout Parameters, now: Timestamp) throws(RuntimeError) -> RunQuery? {
    guard let text = try parameters.optionalText("where") else { return nil }
    do throws(RunQueryError) { return try RunQuery(parsing: text, now: now) } catch {
      throw RuntimeError(
        .invalid, code: "CLO-D030", error.pointing(into: text), fix: "cloacina-ctl run list --help")
    }
  }

  private static func retry(
    _ parameters: inout Parameters, _ attachment: [UInt8]
  ) throws(RuntimeError) -> RepairRequest {
    let start = RetryStart(try parameters.optionalText("from") ?? "failed")
    let version = try parameters.optionalText("on")
    do throws(JSONError) {
      return RepairRequest(.retry(start, set: try JSONObjectText(attachment)), version: version)
    } catch {
      throw RuntimeError(
        .invalid, code: "CLO-D032", "what is to be set in the input is not a JSON object: \(error)",
        fix: "for example --set rows=5 --set 'region=\"eu\"'")
    }
  }

  private static func migration(_ parameters: inout Parameters) throws(RuntimeError) -> RepairRequest {
    RepairRequest(.migrate, version: try parameters.text("to"))
  }

  /// Relative times count from `now_ms`, or from now.
  private func now(_ parameters: inout Parameters) throws(RuntimeError) -> Timestamp {
    try parameters.optionalInteger("now_ms", in: 0...Int64(Int32.max) * 1000) ?? runtime.now
  }

  private func filter(_ parameters: inout Parameters, now: Timestamp) throws(RuntimeError) -> RunFilter {
    var filter = RunFilter()
    filter.tenant = try parameters.text("tenant")
    filter.query = try query(&parameters, now: now)
    guard filter.query != nil else {
      throw RuntimeError(.invalid, code: "CLO-D033", "no query says which runs are meant", fix: "pass --where QUERY")
    }
    return filter
  }

  /// How many runs match, the newest of them, and the time that the query counted from.
  private func count(_ parameters: inout Parameters) throws(RuntimeError) -> Answer {
    let now = try now(&parameters)
    var filter = try filter(&parameters, now: now)
    try parameters.finish()
    let matched = try runtime.countRuns(filter)
    filter.limit = Operations.sampleSize
    return Answer(
      .document(
        "count",
        [
          ("matched", .integer(matched)), ("now_ms", .integer(now)),
          ("sample", .array(try runtime.runs(filter).map(\.contract))),
        ]))
  }

  /// Changes the newest runs that match and are older than `before`, and says where the next request goes on.
  private func bulk(_ parameters: inout Parameters, _ attachment: [UInt8]) throws(RuntimeError) -> Answer {
    var filter = try filter(&parameters, now: try now(&parameters))
    filter.before = try parameters.optionalText("before").map(RunID.init)
    filter.limit = Int(
      try parameters.optionalInteger("limit", in: 1...Operations.repairLimit) ?? Operations.repairLimit)
    let action = try parameters.text("action")
    let request: RepairRequest?
    switch action {
    case "retry": request = try Operations.retry(&parameters, attachment)
    case "migrate": request = try Operations.migration(&parameters)
    case "cancel": request = nil
    default:
      throw RuntimeError(
        .invalid, code: "CLO-D034", "'\(action)' cannot be done to many runs", fix: "use retry, migrate or cancel")
    }
    try parameters.finish()
    let runs = try runtime.runs(filter)
    if runs.isEmpty, let before = filter.before { try checkPlace(before) }
    var tally = BulkTally()
    if let request {
      for result in try runtime.repair(runs, request) { tally.add(result) }
    } else if !runs.isEmpty {
      // In the order of ids, as everybody who locks several runs.
      for result in try runtime.cancel(runs.map(\.id).sorted { $0.text < $1.text }) { tally.add(result) }
    }
    return Answer(tally.contract(examined: runs.count, last: runs.last?.id))
  }
}

extension Operations {
  /// A list goes on from a run that is there: one that retention deleted meanwhile must not look like the end.
  private func checkPlace(_ id: RunID) throws(RuntimeError) {
    do throws(RuntimeError) { _ = try runtime.run(id) } catch {
      guard error.kind == .notFound else { throw error }
      throw RuntimeError(
        .refused, code: "CLO-D035", "the run at which the last page ended was deleted meanwhile",
        fix: "repeat the command: it goes on with what is left")
    }
  }
}

/// What became of the runs of one request, counted.
struct BulkTally {
  private var changed = 0
  private var unchanged = 0
  private var refusals: [(error: RuntimeError, count: Int)] = []

  mutating func add(_ result: RunRepaired) {
    switch result {
    case .retried, .migrated: changed += 1
    case .unchanged: unchanged += 1
    case .refused(let error):
      if let place = refusals.firstIndex(where: { $0.error.code == error.code && $0.error.message == error.message }) {
        refusals[place].count += 1
      } else {
        refusals.append((error, 1))
      }
    }
  }

  /// A run that ended or was deleted meanwhile needs no cancelling.
  mutating func add(_ result: CancelOutcome) {
    if case .cancelled = result { changed += 1 } else { unchanged += 1 }
  }

  /// `cloacina.bulk_page/1`
  func contract(examined: Int, last: RunID?) -> JSONValue {
    .document(
      "bulk_page",
      [
        ("examined", .integer(examined)), ("last", .optional(last?.text)), ("changed", .integer(changed)),
        ("unchanged", .integer(unchanged)),
        (
          "refused",
          .array(
            refusals.map { refusal in
              .object([
                JSONMember("code", .string(refusal.error.code)), JSONMember("message", .string(refusal.error.message)),
                JSONMember("fix", .optional(refusal.error.fix)), JSONMember("count", .integer(refusal.count)),
              ])
            })
        ),
      ])
  }
}
