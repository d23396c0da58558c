import WorkflowModel
import WorkflowStore

/// Opens runs again and gives runs another version, in one transaction.
///
/// A run is taken from its owner under the exclusive lock on the owner's name, as a sweep takes it: what the owner had
/// on the way is committed before the checkpoints are read, or finds that the run is not its own any more. Names come
/// before rows, and both in order, so that nobody waits for somebody who waits for him.
struct RunRepairs {
  private struct Found {
    var snapshot: RunSnapshot
    var epoch: Int64
    var owner: String?
  }

  private static let owners = Statement(
    name: "looking for owners",
    sql: "SELECT DISTINCT leased_by FROM workflow_run WHERE id = ANY ($1::uuid[]) AND status = 'leased'")

  private static let lock = Statement(
    name: "locking out owners",
    sql: "SELECT pg_advisory_xact_lock(\(Sweep.place("w.node"))) FROM unnest($1::text[]) AS w (node)")

  private static let runs = Statement(
    name: "locking runs for repairs",
    sql: """
      SELECT id, status, package_digest, payload, lease_epoch, CASE status WHEN 'leased' THEN leased_by END
      FROM workflow_run WHERE id = ANY ($1::uuid[]) AND deleted_at IS NULL ORDER BY id FOR UPDATE
      """)

  /// Who removes a version locks out whoever may pin a run to it, and then looks for such runs: from here on he waits
  /// for this transaction, or is done.
  private static let pin = Statement(
    name: "announcing pinned runs", sql: "LOCK TABLE workflow_run IN ROW EXCLUSIVE MODE")

  private static let versions = Statement(
    name: "reading versions of runs",
    sql: """
      SELECT r.id, p.state FROM unnest($1::uuid[], $2::text[]) AS w (run, digest)
      JOIN workflow_run AS r ON r.id = w.run
      JOIN package AS p ON p.tenant_id = r.tenant_id AND p.digest = coalesce(w.digest, r.package_digest)
      """)

  private static let checkpoints = Statement(
    name: "reading tasks of runs",
    sql: """
      SELECT t.run_id, \(TaskRunRow.columns) FROM unnest($1::uuid[]) AS w (run)
      JOIN task_run AS t ON t.run_id = w.run ORDER BY t.run_id, t.seq
      """)

  private static let reopen = Statement(
    name: "opening runs again",
    sql: """
      UPDATE workflow_run AS r SET status = 'pending', is_due = true, run_at = \(Statement.now),
        leased_by = NULL, lease_until = NULL, last_error = NULL, error_class = NULL, result = NULL,
        completed_at = NULL, losses = 0, payload = coalesce(w.payload, r.payload),
        package_version = coalesce(w.version, r.package_version),
        package_digest = coalesce(w.digest, r.package_digest),
        pinned_at = CASE WHEN w.digest IS NULL THEN r.pinned_at ELSE \(Statement.now) END,
        updated_at = \(Statement.now), row_version = row_version + 1
      FROM unnest($2::uuid[], $3::json[], $4::text[], $5::text[]) AS w (run, payload, version, digest)
      WHERE r.id = w.run
      """)

  private static let reset = Statement(
    name: "reopening tasks",
    sql: """
      INSERT INTO task_run (run_id, task, attempt, status, finished_at, lease_epoch)
      SELECT w.run, w.task, 0, 'pending', \(Statement.now), w.epoch
      FROM unnest($2::uuid[], $3::text[], $4::bigint[]) WITH ORDINALITY AS w (run, task, epoch, ord) ORDER BY w.ord
      """)

  private static let repin = Statement(
    name: "giving runs another version",
    sql: """
      UPDATE workflow_run AS r SET status = CASE r.status WHEN 'leased' THEN 'pending' ELSE r.status END,
        leased_by = NULL, lease_until = NULL, lease_epoch = r.lease_epoch + 1,
        run_at = greatest(r.run_at, \(Statement.now)), package_version = w.version, package_digest = w.digest,
        pinned_at = \(Statement.now), updated_at = \(Statement.now), row_version = row_version + 1
      FROM unnest($2::uuid[], $3::text[], $4::text[]) AS w (run, version, digest)
      WHERE r.id = w.run
      """)

  private static let tell = Statement(
    name: "telling of repairs",
    sql: """
      INSERT INTO workflow_event (workflow_id, event_type, data, created_at)
      SELECT w.run, w.event_type, w.data, \(Statement.now)
      FROM unnest($2::uuid[], $3::text[], $4::json[]) AS w (run, event_type, data)
      """)

  let connection: Connection
  /// Parameters that begin with the time.
  let time: () -> Parameters

  func apply(_ repairs: [RunRepair]) throws(StoreError) -> [RepairOutcome] {
    do throws(PostgresFailure) { _ = try connection.run([Command(.begin)]) } catch { throw StoreError(error) }
    let outcomes: [RepairOutcome]
    do throws(StoreError) { outcomes = try decideAndWrite(repairs) } catch {
      connection.rollBack()
      throw error
    }
    do throws(PostgresFailure) {
      guard try connection.run([Command(.commit)])[0].tag == "COMMIT" else {
        throw .refused(state: "25000", message: "the transaction was rolled back", statement: "COMMIT")
      }
    } catch { throw StoreError(error) }
    return outcomes
  }

  private func decideAndWrite(_ repairs: [RunRepair]) throws(StoreError) -> [RepairOutcome] {
    let ids = Set(repairs.compactMap { UUIDBits($0.run) })
    let owners = try lockOwners(of: repairs)
    var found = try find(ids)
    try addVersions(of: repairs, to: &found)
    var writes = Writes()
    let outcomes = repairs.map { repair -> RepairOutcome in
      guard let id = UUIDBits(repair.run), let run = found[id] else { return .notFound }
      switch repair.decide(run.snapshot) {
      case .unchanged: return .unchanged(run.snapshot.status)
      case .refused(let refusal): return .refused(refusal)
      case .stale: return .stale
      case .retry(let plan):
        writes.retry(id, repair, plan, epoch: run.epoch)
        return .retried(plan)
      case .migrate(let version):
        // Claimed since the owners were asked for: its checkpoints may be on the way.
        if let owner = run.owner, !owners.contains(owner) { return .stale }
        writes.migrate(id, repair, version, node: run.owner)
        return .migrated(taken: run.owner == nil ? nil : LeaseKey(run: repair.run, epoch: run.epoch))
      }
    }
    try write(writes)
    return outcomes
  }

  private func lockOwners(of repairs: [RunRepair]) throws(StoreError) -> [String] {
    let moved = repairs.filter { if case .migrate = $0.deed { true } else { false } }.compactMap { UUIDBits($0.run) }
    guard !moved.isEmpty else { return [] }
    let owners = try connection.ask(RunRepairs.owners, Parameters().add(ids: moved)).records { $0.text($1, 0) }.sorted()
    if !owners.isEmpty { _ = try connection.ask(RunRepairs.lock, Parameters().add(texts: owners)) }
    return owners
  }

  private func find(_ ids: Set<UUIDBits>) throws(StoreError) -> [UUIDBits: Found] {
    var found: [UUIDBits: Found] = [:]
    let rows = try connection.ask(RunRepairs.runs, Parameters().add(ids: ids))
    for row in 0..<rows.count {
      guard let status = RunStatus(rawValue: rows.text(row, 1)) else {
        throw StoreError(.corrupt, "'\(rows.text(row, 1))' is no status of a run; run 'cloacina-ctl db check'")
      }
      let snapshot = RunSnapshot(
        status: status, digest: rows.isNull(row, 2) ? nil : try rows.digest(row, 2), input: rows.bytes(row, 3),
        checkpoints: [])
      found[rows.id(row, 0)] = Found(snapshot: snapshot, epoch: rows.int(row, 4), owner: rows.optionalText(row, 5))
    }
    // After the locks, so that nothing is missing.
    let tasks = try connection.ask(RunRepairs.checkpoints, Parameters().add(ids: found.keys))
    for row in 0..<tasks.count {
      guard let checkpoint = TaskRunRow.checkpoint(tasks, row, from: 1) else {
        throw StoreError(.corrupt, "'\(tasks.text(row, 3))' is no status of a task; run 'cloacina-ctl db check'")
      }
      found[tasks.id(row, 0)]?.snapshot.checkpoints.append(checkpoint)
    }
    return found
  }

  private func addVersions(of repairs: [RunRepair], to found: inout [UUIDBits: Found]) throws(StoreError) {
    let asked = repairs.compactMap { repair in UUIDBits(repair.run).map { ($0, repair.target?.digest.hex) } }
    _ = try connection.ask(RunRepairs.pin, Parameters())
    let rows = try connection.ask(
      RunRepairs.versions, Parameters().add(ids: asked.map(\.0)).add(texts: asked.map(\.1)))
    for row in 0..<rows.count {
      found[rows.id(row, 0)]?.snapshot.versionState = VersionState(rawValue: rows.text(row, 1))
    }
  }

  private func write(_ writes: Writes) throws(StoreError) {
    var commands: [Command] = []
    if !writes.reopened.isEmpty {
      let parameters = time().add(ids: writes.reopened.map(\.id))
      parameters.add(raws: writes.reopened.map(\.input), of: .json)
      parameters.add(texts: writes.reopened.map(\.version)).add(texts: writes.reopened.map(\.digest))
      commands.append(Command(RunRepairs.reopen, parameters))
    }
    if !writes.reset.isEmpty {
      let parameters = time().add(ids: writes.reset.map(\.id)).add(texts: writes.reset.map(\.task))
      commands.append(Command(RunRepairs.reset, parameters.add(numbers: writes.reset.map(\.epoch))))
    }
    if !writes.moved.isEmpty {
      let parameters = time().add(ids: writes.moved.map(\.id)).add(texts: writes.moved.map(\.version))
      commands.append(Command(RunRepairs.repin, parameters.add(texts: writes.moved.map(\.digest))))
    }
    if !writes.events.isEmpty {
      let parameters = time().add(ids: writes.events.map(\.id)).add(texts: writes.events.map(\.type))
      commands.append(Command(RunRepairs.tell, parameters.add(raws: writes.events.map(\.data), of: .json)))
    }
    guard !commands.isEmpty else { return }
    do throws(PostgresFailure) { _ = try connection.run(commands) } catch { throw StoreError(error) }
  }

  /// Rows to be written, gathered over all runs.
  private struct Writes {
    private(set) var reopened: [(id: UUIDBits, input: [UInt8], version: String?, digest: String?)] = []
    private(set) var reset: [(id: UUIDBits, task: String, epoch: Int64)] = []
    private(set) var moved: [(id: UUIDBits, version: String, digest: String)] = []
    private(set) var events: [(id: UUIDBits, type: String, data: [UInt8])] = []

    mutating func retry(_ id: UUIDBits, _ repair: RunRepair, _ plan: RetryPlan, epoch: Int64) {
      reopened.append((id, plan.input ?? [], repair.target?.version, repair.target?.digest.hex))
      for task in plan.reset { reset.append((id, task, epoch)) }
      events.append((id, "retried", repair.retriedData(plan)))
    }

    mutating func migrate(_ id: UUIDBits, _ repair: RunRepair, _ version: RunVersion, node: String?) {
      moved.append((id, version.version, version.digest.hex))
      events.append((id, "migrated", repair.migratedData(node: node)))
    }
  }
}
