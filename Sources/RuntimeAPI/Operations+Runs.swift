import CloacinaRuntime
import WorkflowModel
import WorkflowStore

extension Operations {
  /// Most runs that one request may start: they are one transaction.
  package static let startLimit: Int64 = 1000
  /// Most runs that one request may list.
  package static let listLimit: Int64 = 10_000
  static let day: Int64 = 86_400_000

  static let runOperations: [String: Operation] = [
    "run.start": { operations, parameters, attachment throws(RuntimeError) in
      try operations.start(&parameters, attachment)
    },
    "run.start_lines": { operations, parameters, attachment throws(RuntimeError) in
      try operations.startLines(&parameters, attachment)
    },
    "run.wait": { operations, parameters, _ throws(RuntimeError) in
      try operations.wait(&parameters)
    },
    "run.list": { operations, parameters, _ throws(RuntimeError) in
      try operations.listRuns(&parameters)
    },
    "run.show": { operations, parameters, _ throws(RuntimeError) in
      try operations.showRun(&parameters)
    },
    "run.events": { operations, parameters, _ throws(RuntimeError) in
      try operations.events(&parameters)
    },
    "run.cancel": { operations, parameters, _ throws(RuntimeError) in
      try operations.cancel(&parameters)
    },
  ]

  /// The input is the attachment, so that not one byte of it changes on the way; none stands for `{}`.
  private func start(_ parameters: inout Parameters, _ input: [UInt8]) throws(RuntimeError) -> Answer {
    var request = StartRequest(workflow: try parameters.text("workflow"))
    request.tenant = try parameters.text("tenant")
    request.idempotencyKey = try parameters.optionalText("idempotency_key")
    try Operations.readVersion(&parameters, &request)
    let count = try parameters.optionalInteger("count", in: 1...Operations.startLimit) ?? 1
    try parameters.finish()
    if !input.isEmpty { request.input = input }
    guard count == 1 || request.idempotencyKey == nil else {
      throw RuntimeError(
        .invalid, code: "CLO-D015", "one idempotency key cannot name \(count) runs", fix: "leave out one of the two")
    }
    let results = try runtime.start(Array(repeating: request, count: Int(count)))
    return Answer(results.count == 1 ? results[0].contract : .list("starts", results.map(\.contract)))
  }

  /// One run for each line of the attachment, which is the run's input byte for byte; `keys` are their idempotency keys.
  private func startLines(_ parameters: inout Parameters, _ attachment: [UInt8]) throws(RuntimeError) -> Answer {
    var request = StartRequest(workflow: try parameters.text("workflow"))
    request.tenant = try parameters.text("tenant")
    let keys = try parameters.optionalTexts("keys")
    try Operations.readVersion(&parameters, &request)
    try parameters.finish()
    let lines = attachment.split(separator: UInt8(ascii: "\n"))
    guard lines.count <= Operations.startLimit, keys == nil || keys?.count == lines.count else {
      throw RuntimeError(
        .invalid, code: "CLO-D021",
        "\(lines.count) inputs with \(keys?.count ?? 0) keys cannot be one request; it takes \(Operations.startLimit)",
        fix: "send several requests, with a key for each input or with none")
    }
    let requests = lines.enumerated().map { index, line in
      request.input = Array(line)
      request.idempotencyKey = keys?[index]
      return request
    }
    return Answer(.list("starts", try runtime.start(requests).map(\.contract)))
  }

  private static func readVersion(_ parameters: inout Parameters, _ request: inout StartRequest) throws(RuntimeError) {
    request.version = try parameters.optionalText("version")
    let labels = try parameters.optionalTexts("labels") ?? []
    do throws(LabelError) { request.labels = try RunLabels(parsing: labels) } catch {
      throw RuntimeError(.invalid, code: "CLO-D031", error.description, fix: "write --label name=value")
    }
  }

  private func wait(_ parameters: inout Parameters) throws(RuntimeError) -> Answer {
    let id = RunID(try parameters.text("id"))
    let timeout = try parameters.optionalInteger("timeout_ms", in: 0...(365 * Operations.day))
    try parameters.finish()
    return Answer(try runtime.wait(id, timeoutMilliseconds: timeout).contract)
  }

  private func listRuns(_ parameters: inout Parameters) throws(RuntimeError) -> Answer {
    var filter = RunFilter()
    let tenant = try parameters.text("tenant")
    filter.tenant = tenant
    if let word = try parameters.optionalText("status") {
      guard let status = RunStatus(rawValue: word) else {
        throw RuntimeError(
          .invalid, code: "CLO-D016", "there is no run status '\(word)'",
          fix: "use one of \(RunStatus.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      filter.status = status
    }
    if let name = try parameters.optionalText("workflow") {
      try narrow(&filter, to: name, tenant: tenant)
    }
    filter.query = try query(&parameters, now: runtime.now)
    filter.limit = Int(try parameters.optionalInteger("limit", in: 1...Operations.listLimit) ?? 50)
    try parameters.finish()
    return Answer(.list("runs", try runtime.runs(filter).map(\.contract)))
  }

  /// `package.workflow` as it is written; else what the name means to `start`, or a package with all its workflows.
  private func narrow(_ filter: inout RunFilter, to name: String, tenant: String) throws(RuntimeError) {
    if name.contains(".") {
      filter.type = name
    } else if try !runtime.packageVersions(tenant: tenant, name: name).isEmpty {
      filter.package = name
    } else {
      let workflow = try runtime.workflow(named: name, tenant: tenant)
      filter.type = "\(workflow.package).\(workflow.definition.name)"
    }
  }

  private func showRun(_ parameters: inout Parameters) throws(RuntimeError) -> Answer {
    let record = try find(&parameters)
    try parameters.finish()
    return Answer(
      record.contract(tasks: try runtime.taskRuns(record.id), definition: try runtime.definition(record)))
  }

  /// Events, with the run's status as it was before they were read: once that is terminal, no more will come
  /// after these.
  private func events(_ parameters: inout Parameters) throws(RuntimeError) -> Answer {
    let record = try find(&parameters)
    let after = try parameters.optionalInteger("after", in: 0...Int64.max) ?? 0
    let wait = try parameters.optionalInteger("wait_ms", in: 0...Operations.day) ?? 0
    try parameters.finish()
    let events = try runtime.events(
      record.id, after: after, waitMilliseconds: record.status.isTerminal ? 0 : wait)
    return Answer(
      .list(
        "events", events.map(\.contract),
        [("run", .string(record.id.text)), ("run_status", .string(record.status.rawValue))]))
  }

  private func cancel(_ parameters: inout Parameters) throws(RuntimeError) -> Answer {
    let record = try find(&parameters)
    try parameters.finish()
    let outcome = try runtime.cancel(record.id)
    if case .alreadyEnded(let status) = outcome {
      throw RuntimeError(
        .refused, code: "CLO-D017", "run \(record.id) is over already: \(status.rawValue)",
        fix: "cloacina-ctl run show \(record.id)")
    }
    return Answer(outcome.contract(record.id))
  }

  /// The run with the given id, if it is one of the given tenant.
  func find(_ parameters: inout Parameters) throws(RuntimeError) -> RunRecord {
    let record = try runtime.run(RunID(try parameters.text("id")))
    if let tenant = try parameters.optionalText("tenant"), tenant != record.tenant {
      throw RuntimeError(
        .notFound, code: "CLO-D018", "tenant '\(tenant)' has no run '\(record.id)'", fix: "cloacina-ctl run list")
    }
    return record
  }
}
