import WorkflowModel
import WorkflowStore

/// Finds out what a committed batch did when its answers were lost.
///
/// Every row that the batch wrote last bears the number of its transaction, as does the batch's marker. Events are
/// never written again, so what others did to the runs since does not hide what the batch did.
struct ReadBack {
  let connection: Connection
  /// Writer and number of the batch, as `WRITER#NUMBER`.
  let mark: String

  /// Number of the transaction of the batch that parameter 1 names.
  static let transaction = """
    (SELECT xmin FROM commit_marker
      WHERE writer = split_part($1::text, '#', 1) AND batch = split_part($1::text, '#', 2)::bigint)
    """

  private static let permits = Statement(
    name: "reading permits back",
    sql: """
      SELECT w.ord FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[])
        WITH ORDINALITY AS w (run, epoch, tenant, key, task, ord)
      WHERE EXISTS (
        SELECT 1 FROM concurrency_permit AS p WHERE p.tenant_id = w.tenant AND p.key = w.key AND p.run_id = w.run
          AND p.task = w.task AND p.lease_epoch = w.epoch)
      """)

  private static let checkpoints = Statement(
    name: "reading checkpoints back",
    sql: """
      SELECT w.ord FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::bigint[], $6::text[])
        WITH ORDINALITY AS w (run, epoch, task, attempt, status, ord)
      WHERE EXISTS (
        SELECT 1 FROM task_run AS t WHERE t.run_id = w.run AND t.lease_epoch = w.epoch AND t.task = w.task
          AND t.attempt = w.attempt AND t.status = w.status AND t.xmin = \(transaction))
      """)

  private static let offers = Statement(
    name: "reading offers back",
    sql: """
      SELECT w.ord FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[])
        WITH ORDINALITY AS w (run, epoch, task, attempt, ord)
      WHERE EXISTS (
        SELECT 1 FROM task_offer AS o WHERE o.run_id = w.run AND o.lease_epoch = w.epoch AND o.task = w.task
          AND o.attempt = w.attempt AND \(Offers.isWanted))
      """)

  /// An offer that is gone was collected, or its run has ended: either way nothing more is to be done about it.
  private static let ends = Statement(
    name: "reading ends back",
    sql: """
      SELECT w.ord FROM unnest($2::bigint[], $3::bigint[], $4::text[]) WITH ORDINALITY AS w (id, epoch, outcome, ord)
      LEFT JOIN task_offer AS o ON o.id = w.id
      WHERE o.id IS NULL OR (o.take_epoch = w.epoch
        AND (o.xmin = \(transaction) OR (o.state = 'collected' AND o.outcome = w.outcome)))
      """)

  private static let schedules = Statement(
    name: "reading schedules back",
    sql: """
      SELECT w.ord FROM unnest($2::uuid[]) WITH ORDINALITY AS w (id, ord)
      JOIN workflow_schedule AS s ON s.id = w.id AND s.xmin = \(transaction)
      """)

  private static let lostTakes = Statement(
    name: "reading lost takes back",
    sql: """
      SELECT w.id, w.epoch FROM unnest($2::bigint[], $3::bigint[]) AS w (id, epoch)
      WHERE NOT EXISTS (
        SELECT 1 FROM task_offer AS o WHERE o.id = w.id AND o.take_epoch = w.epoch AND o.taken_by = $1::text
          AND o.state = 'taken' AND \(Offers.isWanted))
      """)

  /// A heartbeat on the other connection may have written the rows again in the meantime, so the events decide.
  private static let claimed = Statement(
    name: "reading a claim back",
    sql: """
      SELECT r.id, r.tenant_id, r.package_name, r.workflow_name, r.package_version, r.package_digest, r.payload,
        r.lease_epoch, r.losses, r.priority, r.created_at, greatest(r.run_at, r.created_at), r.leased_at,
        coalesce(r.pinned_at, r.created_at), \(Claims.tenantWeight("r.tenant_id"))
      FROM workflow_run AS r JOIN workflow_event AS e ON e.workflow_id = r.id
      WHERE r.status = 'leased' AND r.leased_by = $2::text AND e.event_type = 'leased' AND e.xmin = \(transaction)
        AND (e.data ->> 'epoch')::bigint = r.lease_epoch
      """)

  private static let taken = Statement(
    name: "reading takes back",
    sql: """
      SELECT \(Offers.takenColumns) FROM task_offer AS o
      WHERE o.state = 'taken' AND o.taken_by = $2::text AND o.xmin = \(transaction)
      """)

  private static let collected = Statement(
    name: "reading a collection back",
    sql: """
      SELECT \(Offers.collectedColumns) FROM task_offer AS o
      WHERE o.state = 'collected' AND o.owner = $2::text AND o.xmin = \(transaction)
      """)

  func outcome(of batch: StoreBatch) throws(StoreError) -> StoreOutcome {
    var outcome = StoreOutcome()
    try RunDeeds.readBack(batch, &outcome, connection, mark)
    outcome.checkpoints = try flags(
      ReadBack.checkpoints, batch.checkpoints.count,
      leases(Parameters().add(mark), batch.checkpoints.map(\.lease)) { parameters in
        parameters.add(texts: batch.checkpoints.map(\.checkpoint.task))
        parameters.add(numbers: batch.checkpoints.map { Int64($0.checkpoint.attempt) })
        parameters.add(texts: batch.checkpoints.map(\.checkpoint.status.rawValue))
      })
    outcome.permits = try flags(
      ReadBack.permits, batch.permits.count,
      leases(Parameters(), batch.permits.map(\.key.lease)) { parameters in
        parameters.add(texts: batch.permits.map(\.key.tenant))
        parameters.add(texts: batch.permits.map(\.key.key))
        parameters.add(texts: batch.permits.map(\.key.task))
      })
    outcome.offers = try flags(
      ReadBack.offers, batch.offers.count,
      leases(Parameters(), batch.offers.map(\.lease)) { parameters in
        parameters.add(texts: batch.offers.map(\.call.task))
        parameters.add(numbers: batch.offers.map { Int64($0.call.attempt) })
      })
    let ends = Parameters().add(mark).add(numbers: batch.offerEnds.map(\.key.id))
    ends.add(numbers: batch.offerEnds.map(\.key.epoch))
    ends.add(texts: batch.offerEnds.map { StoredOutcome($0.outcome).kind })
    outcome.offerEnds = try flags(ReadBack.ends, batch.offerEnds.count, ends)
    let fires = batch.scheduleFires
    let schedules = Parameters().add(mark).add(ids: fires.map { bits(RunID($0.id)) })
    outcome.scheduleFires = try flags(ReadBack.schedules, fires.count, schedules).map { $0 ? .fired : .superseded }
    try readGrants(batch, &outcome)
    return outcome
  }

  private func readGrants(_ batch: StoreBatch, _ outcome: inout StoreOutcome) throws(StoreError) {
    if let heartbeat = batch.heartbeat, !heartbeat.takes.isEmpty {
      let takes = Parameters().add(heartbeat.node).add(numbers: heartbeat.takes.map(\.id))
      takes.add(numbers: heartbeat.takes.map(\.epoch))
      outcome.lostTakes = Offers.lost(try connection.ask(ReadBack.lostTakes, takes))
    }
    if let take = batch.take { outcome.taken = try Offers.taken(try rows(ReadBack.taken, of: take.node)) }
    if let node = batch.collect { outcome.collected = Offers.collected(try rows(ReadBack.collected, of: node)) }
    if let claim = batch.claim { outcome.claimed = try Claims.read(try rows(ReadBack.claimed, of: claim.node)) }
  }

  private func leases(_ parameters: Parameters, _ leases: [LeaseKey], _ fill: (Parameters) -> Void) -> Parameters {
    parameters.add(ids: leases.map { bits($0.run) })
    parameters.add(numbers: leases.map(\.epoch))
    fill(parameters)
    return parameters
  }

  private func flags(
    _ statement: Statement, _ count: Int, _ parameters: Parameters
  ) throws(StoreError) -> [Bool] {
    guard count > 0 else { return [] }
    return StoreOutcome.flags(count, try connection.ask(statement, parameters))
  }

  private func rows(_ statement: Statement, of node: String) throws(StoreError) -> Rows {
    try connection.ask(statement, Parameters().add(mark).add(node))
  }
}
