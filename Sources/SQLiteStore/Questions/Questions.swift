import WorkflowModel
import WorkflowStore

/// Reads runs, their tasks and their events.
final class Questions {
  let packages: PackageQuestions
  let nodes: NodeQuestions
  let schedules: ScheduleQuestions
  let rules: RuleQuestions
  let versionFacts: FactsQuestions
  let settling: SettlingQuestions
  let canaries: CanaryRows
  let quarantines: QuarantineRows
  let swaps: SwapRows
  let audit: AuditRows
  let connection: Connection
  let snapshot: Transaction
  private let byID: Query
  private let byKey: Query
  private let tasks: Query
  private let trail: Query
  private let ownership: Query
  private let tally: Tally
  private var lists: [String: Query] = [:]

  init(_ connection: Connection) {
    self.connection = connection
    packages = PackageQuestions(connection)
    nodes = NodeQuestions(connection)
    schedules = ScheduleQuestions(connection)
    rules = RuleQuestions(connection)
    versionFacts = FactsQuestions(connection)
    settling = SettlingQuestions(connection)
    canaries = CanaryRows(connection)
    quarantines = QuarantineRows(connection)
    swaps = SwapRows(connection)
    audit = AuditRows(connection)
    snapshot = Transaction(connection, writes: false)
    byID = connection.query("reading a run", "\(RunRow.select) WHERE id = ?1")
    byKey = connection.query(
      "reading a run", "\(RunRow.select) WHERE idempotency_key = ?1 AND tenant_id = ?2")
    tasks = connection.query("reading tasks", TaskRunRow.select)
    trail = connection.query(
      "reading events",
      """
      SELECT id, event_type, data, created_at FROM workflow_event
      WHERE workflow_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3
      """)
    ownership = connection.query(
      "checking leases", "SELECT status, lease_epoch, leased_by FROM workflow_run WHERE id = ?1")
    tally = Tally(connection)
  }

  func run(_ id: RunID) throws(StoreError) -> RunRecord? { try byID.bind(1, id.text).first(RunRow.record) }

  func run(_ tenant: String, key: String) throws(StoreError) -> RunRecord? {
    try byKey.bind(1, IdempotencyKey.stored(key, tenant: tenant)).bind(2, tenant).first(RunRow.record)
  }

  func taskRuns(_ id: RunID) throws(StoreError) -> [TaskCheckpoint] {
    try tasks.bind(1, id.text).all(TaskRunRow.checkpoint)
  }

  func events(_ id: RunID, after: Int64, limit: Int) throws(StoreError) -> [EventRecord] {
    try trail.bind(1, id.text).bind(2, after).bind(3, limit).all { row in
      EventRecord(id: row.int(0), run: id, type: row.text(1), data: row.bytes(2), createdAt: row.time(3))
    }
  }

  func counts(_ tenant: String?) throws(StoreError) -> StoreCounts {
    try snapshot { () throws(StoreError) in try tally.counts(tenant) }
  }

  func lost(_ owned: [LeaseKey], node: String) throws(StoreError) -> [LostLease] {
    try snapshot { () throws(StoreError) in
      var lost: [LostLease] = []
      for lease in owned {
        let state = try ownership.bind(1, lease.run.text).first { row in
          (status: RunStatus(rawValue: row.text(0)), epoch: row.int(1), node: row.text(2))
        }
        if let state, state.status == .leased, state.epoch == lease.epoch, state.node == node { continue }
        lost.append(LostLease(lease: lease, status: state?.status))
      }
      return lost
    }
  }

  /// Newest first by order of insertion, which is that of the hidden row number.
  func runs(_ filter: RunFilter) throws(StoreError) -> [RunRecord] {
    var question = RunQuerySQL(filter)
    question.before(filter.before)
    let sql = "\(RunRow.select) WHERE \(question.condition) ORDER BY rowid DESC LIMIT \(filter.limit)"
    // What somebody wrote is asked once; the statements of the engine's own lists are kept.
    guard filter.query == nil else {
      return try once("listing runs", sql) { query throws(StoreError) in
        try question.bind(query).all(RunRow.record)
      }
    }
    let query = lists[sql] ?? connection.query("listing runs", sql)
    lists[sql] = query
    return try question.bind(query).all(RunRow.record)
  }

  func countRuns(_ filter: RunFilter) throws(StoreError) -> Int {
    let question = RunQuerySQL(filter)
    let sql = "SELECT count(*) FROM workflow_run WHERE \(question.condition)"
    return try once("counting runs", sql) { query throws(StoreError) in
      Int(try question.bind(query).first { $0.int(0) } ?? 0)
    }
  }

  private func once<Value>(
    _ purpose: String, _ sql: String, _ body: (Query) throws(StoreError) -> Value
  ) throws(StoreError) -> Value {
    let query = Query(connection, purpose: purpose, sql: sql)
    defer { query.finalize() }
    return try body(query)
  }
}
