import WorkflowModel
import WorkflowStore

/// A run that a claim is to be given.
struct DueRun {
  var row: Int64
  /// 0 for a time that is none.
  var dueAt: Timestamp
  var claim: ClaimedRun
}

/// Finds the runs that a claim is to be given: by priority, then by the tenants' shares, then by age.
final class DueRuns {
  private let extremes: Query
  private let tenants: Query
  private let due: Query
  private let dueAndWanted: Query
  private let heads: Query
  private let headsWanted: Query
  private let byRow: Query
  private var shares = TenantShares()
  private var names = NameCache()

  /// Oldest due runs of one tenant, as far as they have been read.
  private struct Line {
    let tenant: String
    let weight: Int64
    var heads: [TenantShares.Head] = []
    var next = 0
    /// True when there are no more than these.
    var isComplete = false
  }

  /// Runs that wait in the index of claims.
  static let pending = "status = 'pending' AND package_digest IS NOT NULL AND deleted_at IS NULL"

  private static let run = "workflow_run AS r INDEXED BY workflow_run_claim"

  /// Tenants with waiting runs and their weights, beginning with parameter 1, one step in the index for each.
  static let nextTenants = """
    WITH RECURSIVE waiting (tenant_id) AS (
      SELECT ?1
      UNION ALL
      SELECT (SELECT r.tenant_id FROM \(run) WHERE \(pending) AND r.tenant_id > waiting.tenant_id
          ORDER BY r.tenant_id LIMIT 1)
        FROM waiting WHERE waiting.tenant_id IS NOT NULL)
    SELECT waiting.tenant_id, coalesce(tenant.weight, 1)
    FROM waiting LEFT JOIN tenant ON tenant.tenant_id = waiting.tenant_id WHERE waiting.tenant_id IS NOT NULL
    """

  init(_ connection: Connection) {
    let run = DueRuns.run
    let columns = """
      rowid, id, tenant_id, package_name, workflow_name, package_version, package_digest, payload, lease_epoch, losses,
      coalesce(pinned_at, created_at), max(run_at, created_at)
      """
    let waiting = "FROM \(run) WHERE \(DueRuns.pending) AND tenant_id = ?1 AND run_at <= ?2"
    let wanted = """
      AND (?4 IS NULL OR package_digest IN (SELECT value FROM json_each(?4)))
      AND (?5 IS NULL OR EXISTS (SELECT 1 FROM json_each(?5) WHERE r.type GLOB value))
      """
    let order = "ORDER BY priority, created_at, rowid LIMIT ?3"
    let purpose = "looking for due runs"
    extremes = connection.query(
      purpose,
      """
      SELECT (SELECT tenant_id FROM \(run) WHERE \(DueRuns.pending) ORDER BY tenant_id LIMIT 1),
        (SELECT tenant_id FROM \(run) WHERE \(DueRuns.pending) ORDER BY tenant_id DESC LIMIT 1)
      """)
    tenants = connection.query("looking for tenants with due runs", DueRuns.nextTenants)
    due = connection.query(purpose, "SELECT \(columns) \(waiting) \(order)")
    dueAndWanted = connection.query(purpose, "SELECT \(columns) \(waiting) \(wanted) \(order)")
    heads = connection.query(purpose, "SELECT rowid, priority, created_at \(waiting) \(order)")
    headsWanted = connection.query(purpose, "SELECT rowid, priority, created_at \(waiting) \(wanted) \(order)")
    byRow = connection.query("reading a due run", "SELECT \(columns) FROM workflow_run WHERE rowid = ?1")
  }

  func find(_ request: ClaimRequest, at now: String) throws(StoreError) -> [DueRun] {
    let ends = try extremes.first { ($0.optionalText(0), $0.text(1)) }
    guard let ends, let first = ends.0, request.limit > 0 else { return [] }
    let filter = Filter(request)
    guard first == ends.1 else { return try share(request.limit, from: first, filter, at: now) }
    let query = filter.isEmpty ? due : filter.bind(dueAndWanted)
    return try query.bind(1, first).bind(2, now).bind(3, request.limit).all(dueRun)
  }

  // MARK: Shares

  private func share(
    _ limit: Int, from first: String, _ filter: Filter, at now: String
  ) throws(StoreError) -> [DueRun] {
    var lines = try tenants.bind(1, first).all { Line(tenant: $0.text(0), weight: $0.int(1)) }
    let weights = lines.reduce(0) { $0 + $1.weight }
    for place in lines.indices {
      // Its share, and some more in case that others have less than theirs.
      let part = Int64(limit) * lines[place].weight / max(weights, 1)
      try read(&lines[place], upTo: Int(part) * 2 + 2, filter, at: now)
    }
    var open = lines.filter { !$0.heads.isEmpty }
    var fronts = open.map { $0.heads[0] }
    var rows: [Int64] = []
    while rows.count < limit, let place = shares.serve(fronts) {
      rows.append(fronts[place].row)
      open[place].next += 1
      if open[place].next == open[place].heads.count, !open[place].isComplete {
        try read(&open[place], upTo: open[place].heads.count * 4, filter, at: now)
      }
      if open[place].next < open[place].heads.count {
        fronts[place] = open[place].heads[open[place].next]
      } else {
        open.remove(at: place)
        fronts.remove(at: place)
      }
    }
    shares.settle(fronts)
    return try rows.map { row throws(StoreError) in
      guard let run = try byRow.bind(1, row).first(dueRun) else {
        throw StoreError(.corrupt, "a run found by the index of claims is not there; run 'cloacina-ctl db check'")
      }
      return run
    }
  }

  private func read(_ line: inout Line, upTo limit: Int, _ filter: Filter, at now: String) throws(StoreError) {
    let query = filter.isEmpty ? heads : filter.bind(headsWanted)
    let (tenant, weight) = (line.tenant, line.weight)
    line.heads = try query.bind(1, tenant).bind(2, now).bind(3, limit).all { row in
      TenantShares.Head(
        tenant: tenant, weight: weight, priority: row.int(1), createdAt: row.text(2), row: row.int(0))
    }
    line.isComplete = line.heads.count < limit
  }

  private func dueRun(_ row: Query) throws(StoreError) -> DueRun {
    var claim = ClaimedRun(
      lease: LeaseKey(run: RunID(row.text(1)), epoch: row.int(8) + 1), tenant: names.text(row, 2),
      package: names.text(row, 3), workflow: names.text(row, 4), version: names.text(row, 5),
      digest: try names.digest(row, 6), input: row.bytes(7), losses: Int(row.int(9)), checkpoints: [])
    claim.pinnedAt = row.time(10)
    return DueRun(row: row.int(0), dueAt: row.time(11), claim: claim)
  }

  /// What a node can run, as parameters 4 and 5.
  private struct Filter {
    let digests: [UInt8]?
    let types: [UInt8]?

    init(_ request: ClaimRequest) {
      digests = request.digests.map { JSONTexts.array($0.map(\.hex)) }
      types = request.types.isEmpty ? nil : JSONTexts.array(request.types.map(TypePattern.glob))
    }

    var isEmpty: Bool { digests == nil && types == nil }

    func bind(_ query: Query) -> Query { query.bind(4, text: digests).bind(5, text: types) }
  }
}
