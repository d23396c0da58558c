import WorkflowModel
import WorkflowStore

/// Tasks that any node may run for the owner of their run.
enum Offers {
  private static let offer = Statement(
    name: "offering tasks",
    sql: """
      WITH held AS MATERIALIZED (
        SELECT w.*, r.leased_by
        FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[],
            $10::bigint[], $11::bigint[], $12::bigint[], $13::json[], $14::json[])
          WITH ORDINALITY AS w (run, epoch, tenant, package, workflow, digest, task, workflow_index, task_index, attempt,
            timeout, tags, input, ord)
        JOIN workflow_run AS r ON \(Statement.fence)
      ), offered AS (
        INSERT INTO task_offer (run_id, lease_epoch, owner, tenant_id, package_name, workflow_name, package_digest, task,
          workflow_index, task_index, attempt, timeout_ms, tags, input, created_at)
        SELECT run, epoch, leased_by, tenant, package, workflow, digest, task, workflow_index, task_index, attempt,
          timeout, ARRAY(SELECT json_array_elements_text(tags)), input, \(Statement.now)
        FROM held ORDER BY ord
        ON CONFLICT (run_id, lease_epoch, task, attempt) WHERE state <> 'collected' DO NOTHING
      )
      SELECT ord FROM held
      """)

  /// The run of offer `o` is still held under the lease it was offered with.
  static let isWanted = """
    EXISTS (
      SELECT 1 FROM workflow_run AS r
      WHERE r.id = o.run_id AND r.status COLLATE "C" = 'leased' AND r.lease_epoch = o.lease_epoch)
    """

  private static let take = Statement(
    name: "taking tasks",
    sql: """
      UPDATE task_offer AS o SET state = 'taken', taken_by = $2::text, take_epoch = o.take_epoch + 1,
        lease_until = \(Statement.now) + $3::bigint * interval '1 millisecond', started_at = \(Statement.now)
      WHERE o.ctid = ANY (ARRAY(
        SELECT o.ctid FROM task_offer AS o
        WHERE o.state = 'offered' AND o.tags <@ $5::text[]
          AND ($6::text[] IS NULL OR o.package_digest = ANY ($6::text[])) AND \(isWanted)
        ORDER BY o.id LIMIT $4::bigint FOR UPDATE OF o SKIP LOCKED))
      RETURNING \(takenColumns)
      """)

  private static let end = Statement(
    name: "ending taken tasks",
    sql: """
      UPDATE task_offer AS o SET state = 'ended', outcome = w.outcome, patch = w.patch, error_class = w.error_class,
        error = w.error, started_at = w.started_at, finished_at = w.finished_at
      FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bytea[], $5::text[], $6::text[], $7::timestamptz[],
          $8::timestamptz[])
        WITH ORDINALITY AS w (id, epoch, outcome, patch, error_class, error, started_at, finished_at, ord)
      WHERE o.id = w.id AND o.take_epoch = w.epoch AND o.state = 'taken' AND \(isWanted)
      RETURNING w.ord
      """)

  private static let extend = Statement(
    name: "extending takes",
    sql: """
      WITH kept AS (
        UPDATE task_offer AS o SET lease_until = \(Statement.now) + $3::bigint * interval '1 millisecond'
        FROM unnest($4::bigint[], $5::bigint[]) AS w (id, epoch)
        WHERE o.id = w.id AND o.take_epoch = w.epoch AND o.taken_by = $2::text AND o.state = 'taken' AND \(isWanted)
        RETURNING o.id, o.take_epoch
      )
      SELECT w.id, w.epoch FROM unnest($4::bigint[], $5::bigint[]) AS w (id, epoch)
      WHERE NOT EXISTS (SELECT 1 FROM kept WHERE kept.id = w.id AND kept.take_epoch = w.epoch)
      """)

  /// What was collected before has been worked on since: only now is it deleted, so that a collection whose COMMIT
  /// had no answer can be read again.
  private static let forget = Statement(
    name: "dropping collected tasks",
    sql: "DELETE FROM task_offer WHERE state = 'collected' AND owner = $1::text")

  private static let collect = Statement(
    name: "collecting ended tasks",
    sql: """
      UPDATE task_offer AS o SET state = 'collected' FROM workflow_run AS r
      WHERE o.state = 'ended' AND o.owner = $1::text AND r.id = o.run_id AND r.status COLLATE "C" = 'leased'
        AND r.lease_epoch = o.lease_epoch AND r.leased_by = $1::text
      RETURNING \(collectedColumns)
      """)

  static let collectedColumns = """
    o.id, o.run_id, o.lease_epoch, o.task, o.outcome, o.patch, o.error_class, o.error, o.started_at, o.finished_at
    """

  static let takenColumns = """
    o.id, o.take_epoch, o.tenant_id, o.package_name, o.workflow_name, o.package_digest, o.task, o.workflow_index,
    o.task_index, o.attempt, o.run_id, o.timeout_ms, o.input
    """

  static func offer(_ writes: [OfferWrite], _ now: Timestamp?) -> Step {
    let parameters = Progress.parameters(writes.map(\.lease), now)
    let calls = writes.map(\.call)
    parameters.add(texts: calls.map(\.tenant))
    parameters.add(texts: calls.map(\.package))
    parameters.add(texts: calls.map(\.workflow))
    parameters.add(texts: calls.map(\.digest.hex))
    parameters.add(texts: calls.map(\.task))
    parameters.add(numbers: calls.map { Int64($0.workflowIndex) })
    parameters.add(numbers: calls.map { Int64($0.taskIndex) })
    parameters.add(numbers: calls.map { Int64($0.attempt) })
    parameters.add(numbers: calls.map(\.timeoutMilliseconds))
    parameters.add(raws: writes.map { JSONValue.array($0.tags.map { JSONValue.string($0) }).bytes }, of: .json)
    parameters.add(raws: calls.map { $0.input.isEmpty ? Array("{}".utf8) : $0.input }, of: .json)
    return Step(offer, parameters) { rows, outcome in outcome.offers = StoreOutcome.flags(writes.count, rows) }
  }

  static func take(_ request: TakeRequest, _ now: Timestamp?) -> Step {
    let parameters = Parameters()
    parameters.add(time: now).add(request.node)
    parameters.add(request.leaseMilliseconds).add(Int64(request.limit))
    parameters.add(texts: request.tags)
    parameters.addOptional(texts: request.digests?.map(\.hex))
    return Step(take, parameters) { rows, outcome throws(StoreError) in outcome.taken = try taken(rows) }
  }

  static func end(_ ends: [OfferEnd]) -> Step {
    let parameters = Parameters()
    parameters.add(numbers: ends.map(\.key.id))
    parameters.add(numbers: ends.map(\.key.epoch))
    let outcomes = ends.map { StoredOutcome($0.outcome) }
    parameters.add(texts: outcomes.map(\.kind))
    parameters.add(raws: outcomes.map(\.patch), of: .bytea)
    parameters.add(texts: outcomes.map(\.errorClass))
    parameters.add(texts: outcomes.map { $0.error.map(PlainText.storable) })
    parameters.add(times: ends.map { $0.startedAt })
    parameters.add(times: ends.map { $0.finishedAt })
    return Step(end, parameters) { rows, outcome in outcome.offerEnds = StoreOutcome.flags(ends.count, rows) }
  }

  static func extend(_ heartbeat: HeartbeatWrite, _ now: Timestamp?) -> Step {
    let parameters = Parameters()
    parameters.add(time: now).add(heartbeat.node)
    parameters.add(heartbeat.leaseMilliseconds)
    parameters.add(numbers: heartbeat.takes.map(\.id))
    parameters.add(numbers: heartbeat.takes.map(\.epoch))
    return Step(extend, parameters) { rows, outcome in outcome.lostTakes = lost(rows) }
  }

  /// Rows of an offer's id and epoch.
  static func lost(_ rows: Rows) -> [OfferKey] {
    (0..<rows.count).map { OfferKey(id: rows.int($0, 0), epoch: rows.int($0, 1)) }
  }

  static func collect(_ node: String) -> [Step] {
    let parameters = Parameters()
    parameters.add(node)
    return [
      Step(forget, parameters),
      Step(collect, parameters) { rows, outcome in outcome.collected = collected(rows) },
    ]
  }

  /// Rows of `takenColumns`, oldest offer first.
  static func taken(_ rows: Rows) throws(StoreError) -> [TakenTask] {
    try rows.map { row throws(StoreError) in
      TakenTask(
        key: OfferKey(id: rows.int(row, 0), epoch: rows.int(row, 1)),
        call: TaskCall(
          id: 0, digest: try rows.digest(row, 5), tenant: rows.text(row, 2), package: rows.text(row, 3),
          workflow: rows.text(row, 4), task: rows.text(row, 6), workflowIndex: Int(rows.int(row, 7)),
          taskIndex: Int(rows.int(row, 8)), attempt: Int(rows.int(row, 9)), runID: rows.id(row, 10).run,
          timeoutMilliseconds: rows.int(row, 11), input: rows.bytes(row, 12)))
    }.sorted { $0.key.id < $1.key.id }
  }

  /// Rows of `collectedColumns`, oldest offer first.
  static func collected(_ rows: Rows) -> [CollectedTask] {
    (0..<rows.count).sorted { rows.int($0, 0) < rows.int($1, 0) }.map { row in
      let stored = StoredOutcome(
        kind: rows.text(row, 4), patch: rows.bytes(row, 5), errorClass: rows.optionalText(row, 6),
        error: rows.optionalText(row, 7))
      return CollectedTask(
        lease: LeaseKey(run: rows.id(row, 1).run, epoch: rows.int(row, 2)), task: rows.text(row, 3),
        outcome: stored.outcome, startedAt: rows.time(row, 8), finishedAt: rows.time(row, 9))
    }
  }
}

/// The end of an attempt in columns.
struct StoredOutcome {
  var kind: String
  /// Not judged yet, so not necessarily JSON.
  var patch: [UInt8] = []
  var errorClass: String?
  var error: String?

  init(kind: String, patch: [UInt8], errorClass: String?, error: String?) {
    self.kind = kind
    self.patch = patch
    self.errorClass = errorClass
    self.error = error
  }

  init(_ outcome: TaskOutcome) {
    switch outcome {
    case .succeeded(let patch): (kind, self.patch) = ("succeeded", patch)
    case .failed(let failure):
      kind = "failed"
      errorClass = failure.errorClass.rawValue
      error = failure.message
    case .cancelled: kind = "cancelled"
    case .lost(let reason): (kind, error) = ("lost", reason)
    }
  }

  var outcome: TaskOutcome {
    switch kind {
    case "succeeded": .succeeded(patch: patch)
    case "cancelled": .cancelled
    case "lost": .lost(error ?? "")
    default: .failed(Failure(errorClass.flatMap(ErrorClass.init(rawValue:)) ?? .error, error ?? ""))
    }
  }
}
