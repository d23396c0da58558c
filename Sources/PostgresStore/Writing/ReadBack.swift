import WorkflowModel
import WorkflowStore

/// Finds out what a committed batch did when its answers were lost.
///
/// Every row that the batch wrote last bears the number of its transaction, as does the batch's marker.
struct ReadBack {
  let connection: Connection
  let writer: String
  let batch: Int64

  private static let transaction = "(SELECT xmin FROM commit_marker WHERE writer = $1::text AND batch = $3::bigint)"

  private static let runs = Statement(
    name: "reading runs back",
    sql: """
      SELECT w.ord, r.status, r.lease_epoch, r.package_digest
      FROM unnest($1::uuid[]) WITH ORDINALITY AS w (run, ord) JOIN workflow_run AS r ON r.id = w.run
      """)

  private static let checkpoints = Statement(
    name: "reading checkpoints back",
    sql: """
      SELECT w.ord FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[], $5::text[])
        WITH ORDINALITY AS w (run, epoch, task, attempt, status, ord)
      WHERE EXISTS (
        SELECT 1 FROM task_run AS t WHERE t.run_id = w.run AND t.lease_epoch = w.epoch AND t.task = w.task
          AND t.attempt = w.attempt AND t.status = w.status)
      """)

  private static let permits = Statement(
    name: "reading permits back",
    sql: """
      SELECT w.ord FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[])
        WITH ORDINALITY AS w (run, epoch, tenant, key, task, ord)
      WHERE EXISTS (
        SELECT 1 FROM concurrency_permit AS p WHERE p.tenant_id = w.tenant AND p.key = w.key AND p.run_id = w.run
          AND p.task = w.task AND p.lease_epoch = w.epoch)
      """)

  private static let offers = Statement(
    name: "reading offers back",
    sql: """
      SELECT w.ord FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[])
        WITH ORDINALITY AS w (run, epoch, task, attempt, ord)
      WHERE EXISTS (
        SELECT 1 FROM task_offer AS o WHERE o.run_id = w.run AND o.lease_epoch = w.epoch AND o.task = w.task
          AND o.attempt = w.attempt)
      """)

  private static let ends = Statement(
    name: "reading ends back",
    sql: """
      SELECT w.ord FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS w (id, epoch, ord)
      LEFT JOIN task_offer AS o ON o.id = w.id
      WHERE o.id IS NULL OR (o.take_epoch = w.epoch AND o.state IN ('ended', 'collected'))
      """)

  private static let schedules = Statement(
    name: "reading schedules back",
    sql: """
      SELECT w.ord FROM unnest($2::uuid[]) WITH ORDINALITY AS w (id, ord)
      JOIN workflow_schedule AS s ON s.id = w.id AND s.xmin = \(transaction)
      """)

  private static let claimed = Statement(
    name: "reading a claim back",
    sql: """
      SELECT id, tenant_id, package_name, workflow_name, package_version, package_digest, payload, lease_epoch, losses,
        priority, created_at, 1::bigint
      FROM workflow_run
      WHERE status = 'leased' AND leased_by = $2::text AND xmin = \(transaction) AND leased_at = updated_at
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

  func outcome(of batch: StoreBatch) throws(PostgresFailure) -> StoreOutcome {
    var outcome = StoreOutcome()
    try readRuns(batch, &outcome)
    outcome.checkpoints = try flags(
      ReadBack.checkpoints, batch.checkpoints.count,
      leases(batch.checkpoints.map(\.lease)) { parameters in
        parameters.add(texts: batch.checkpoints.map(\.checkpoint.task))
        parameters.add(numbers: batch.checkpoints.map { Int64($0.checkpoint.attempt) })
        parameters.add(texts: batch.checkpoints.map(\.checkpoint.status.rawValue))
      })
    outcome.permits = try flags(
      ReadBack.permits, batch.permits.count,
      leases(batch.permits.map(\.key.lease)) { parameters in
        parameters.add(texts: batch.permits.map(\.key.tenant))
        parameters.add(texts: batch.permits.map(\.key.key))
        parameters.add(texts: batch.permits.map(\.key.task))
      })
    outcome.offers = try flags(
      ReadBack.offers, batch.offers.count,
      leases(batch.offers.map(\.lease)) { parameters in
        parameters.add(texts: batch.offers.map(\.call.task))
        parameters.add(numbers: batch.offers.map { Int64($0.call.attempt) })
      })
    let ends = Parameters()
    ends.add(numbers: batch.offerEnds.map(\.key.id))
    ends.add(numbers: batch.offerEnds.map(\.key.epoch))
    outcome.offerEnds = try flags(ReadBack.ends, batch.offerEnds.count, ends)
    let fires = batch.scheduleFires
    let schedules = Parameters().add(writer).add(ids: fires.map { bits(RunID($0.id)) }).add(self.batch)
    outcome.scheduleFires = try flags(ReadBack.schedules, fires.count, schedules).map { $0 ? .fired : .superseded }
    try readGrants(batch, &outcome)
    return outcome
  }

  private func readGrants(_ batch: StoreBatch, _ outcome: inout StoreOutcome) throws(PostgresFailure) {
    do throws(StoreError) {
      if let take = batch.take { outcome.taken = try Offers.taken(try rows(ReadBack.taken, of: take.node)) }
      if let node = batch.collect { outcome.collected = Offers.collected(try rows(ReadBack.collected, of: node)) }
      if let claim = batch.claim {
        let rows = try rows(ReadBack.claimed, of: claim.node)
        outcome.claimed = try Claims().read(rows)
      }
    } catch { throw .refused(state: "XX001", message: error.message, statement: "reading a batch back") }
  }

  /// Runs as they are now tell what became of submissions, starts, finishes and cancels.
  private func readRuns(_ batch: StoreBatch, _ outcome: inout StoreOutcome) throws(PostgresFailure) {
    let ids =
      batch.submissions.map(\.id) + batch.starts.map(\.run) + batch.finishes.map(\.lease.run) + batch.cancels
    guard !ids.isEmpty else { return }
    let parameters = Parameters()
    parameters.add(ids: ids.map(bits))
    let rows = try connection.run([Command(ReadBack.runs, parameters)])[0]
    var states: [Int: (status: RunStatus?, epoch: Int64, digest: PackageDigest?)] = [:]
    for row in 0..<rows.count {
      states[Int(rows.int(row, 0)) - 1] = (
        RunStatus(rawValue: rows.text(row, 1)), rows.int(row, 2), PackageDigest(hex: rows.text(row, 3))
      )
    }
    var place = 0
    func next() -> (status: RunStatus?, epoch: Int64, digest: PackageDigest?)? {
      defer { place += 1 }
      return states[place]
    }
    outcome.submissions = batch.submissions.map { submission in
      guard let digest = next()?.digest else { return .existing(submission.id) }
      return .created(submission.id, digest: digest)
    }
    outcome.starts = batch.starts.map { next()?.epoch == $0.epoch }
    outcome.finishes = batch.finishes.map { write in
      let state = next()
      return state?.epoch == write.lease.epoch && state?.status == write.status
    }
    outcome.cancels = batch.cancels.map { _ in
      guard let status = next()?.status else { return .notFound }
      return status == .cancelled ? .cancelled(wasLeased: true) : .alreadyEnded(status)
    }
  }

  private func leases(_ leases: [LeaseKey], _ fill: (Parameters) -> Void) -> Parameters {
    let parameters = Parameters()
    parameters.add(ids: leases.map { bits($0.run) })
    parameters.add(numbers: leases.map(\.epoch))
    fill(parameters)
    return parameters
  }

  private func flags(
    _ statement: Statement, _ count: Int, _ parameters: Parameters
  ) throws(PostgresFailure) -> [Bool] {
    guard count > 0 else { return [] }
    return StoreOutcome.flags(count, try connection.run([Command(statement, parameters)])[0])
  }

  private func rows(_ statement: Statement, of node: String) throws(StoreError) -> Rows {
    let parameters = Parameters().add(writer).add(node).add(batch)
    do throws(PostgresFailure) { return try connection.run([Command(statement, parameters)])[0] } catch {
      throw StoreError(error)
    }
  }
}
