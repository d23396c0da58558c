import Threading
import WorkflowModel
import WorkflowStore

/// Gives due runs to a node.
///
/// A claim reads its index from where the last one ended, tenant by tenant, because entries of runs that were claimed
/// stay in the index for as long as some transaction, anywhere, may still see them. Every quarter of a second, and
/// whenever a claim finds less than it asked for, the next one begins at the start again; less often when that is slow.
final class Claims {
  /// Nanoseconds after which a claim looks at the whole index again, at the least.
  private static let refreshAfter: UInt64 = 250_000_000
  /// Looking at the whole index may take one part in so many of the time.
  private static let refreshShare: UInt64 = 20
  /// Up to so many nanoseconds it is cheap enough to be done whenever a claim found less than it asked for.
  private static let cheap: UInt64 = 10_000_000
  /// A cost is the least of so many measured ones, so that a machine which was busy once counts for nothing.
  private static let samples = 4

  /// A claim in an older transaction grants nothing: a node that was stopped before it had sent all of its batch would
  /// be given leases that have lapsed, at a time that sweeps have passed over.
  static let oldestTransaction = "interval '1 second'"

  private static let ready = "status = 'pending' AND is_due AND package_digest IS NOT NULL AND deleted_at IS NULL"

  /// Plain SQL may insert runs without a pin: they get it here, from the active version of what their type names or
  /// from its canary.
  private static let adopt = Statement(
    name: "pinning runs",
    sql: """
      WITH served AS (
        SELECT r.id, d.package_name, d.name, json_typeof(r.payload) = 'object' AS is_object, a.version, a.digest,
          CASE WHEN cd.name IS NOT NULL THEN \(CanaryStatements.draw("r.id")) < c.parts ELSE false END AS is_canary,
          c.version AS canary_version, c.digest AS canary_digest
        FROM activation AS a
        JOIN workflow_definition AS d ON d.tenant_id = a.tenant_id AND d.package_digest = a.digest
        LEFT JOIN activation_canary AS c ON c.tenant_id = a.tenant_id AND c.package_name = a.package_name
        LEFT JOIN workflow_definition AS cd
          ON cd.tenant_id = c.tenant_id AND cd.package_digest = c.digest AND cd.name = d.name
        CROSS JOIN LATERAL (
          SELECT id, payload FROM workflow_run
          WHERE status = 'pending' AND package_digest IS NULL AND deleted_at IS NULL
            AND tenant_id = a.tenant_id AND type = d.package_name || '.' || d.name AND run_at <= \(Statement.now)
          LIMIT 1000 FOR UPDATE SKIP LOCKED) AS r
        WHERE EXISTS (
          SELECT 1 FROM workflow_run
          WHERE status = 'pending' AND package_digest IS NULL AND deleted_at IS NULL)
      ), pinned AS (
        UPDATE workflow_run AS r SET package_name = s.package_name, workflow_name = s.name,
          package_version = CASE WHEN s.is_canary THEN s.canary_version ELSE s.version END,
          package_digest = CASE WHEN s.is_canary THEN s.canary_digest ELSE s.digest END, is_due = true,
          status = CASE WHEN s.is_object THEN r.status ELSE 'failed' END,
          error_class = CASE WHEN s.is_object THEN r.error_class ELSE $2::text END,
          last_error = CASE WHEN s.is_object THEN r.last_error ELSE $3::text END,
          attempt = r.attempt + CASE WHEN s.is_object THEN 0 ELSE 1 END,
          completed_at = CASE WHEN s.is_object THEN r.completed_at ELSE \(Statement.now) END,
          updated_at = CASE WHEN s.is_object THEN r.updated_at ELSE \(Statement.now) END,
          row_version = r.row_version + CASE WHEN s.is_object THEN 0 ELSE 1 END
        FROM served AS s WHERE r.id = s.id
        RETURNING r.id, s.is_object
      )
      INSERT INTO workflow_event (workflow_id, event_type, data, created_at)
      SELECT id, 'failed', json_build_object('error_class', $2::text, 'error', $3::text), \(Statement.now)
      FROM pinned WHERE NOT is_object
      """)

  /// Moves runs whose time has come to where claims look.
  private static let promote = Statement(
    name: "finding runs whose time has come",
    sql: """
      UPDATE workflow_run SET is_due = true
      WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM workflow_run
        WHERE status = 'pending' AND NOT is_due AND deleted_at IS NULL AND run_at <= \(Statement.now)
        ORDER BY run_at LIMIT 1000 FOR UPDATE SKIP LOCKED))
      """)

  /// The share of a tenant in a claim.
  static func tenantWeight(_ tenant: String) -> String {
    "coalesce((SELECT weight FROM tenant WHERE tenant_id = \(tenant)), 1)"
  }

  /// The whole claim: grants what `granted` updates, writes the events and returns the runs.
  private static func claim(
    _ name: String, with prelude: String = "", weight: String = tenantWeight("g.tenant_id"), _ granted: String
  ) -> Statement {
    Statement(
      name: name,
      sql: """
        WITH RECURSIVE \(prelude) granted AS (
          UPDATE workflow_run SET status = 'leased', leased_by = $2::text,
            lease_until = \(Statement.now) + $3::bigint * interval '1 millisecond', lease_epoch = lease_epoch + 1,
            leased_at = \(Statement.now), heartbeat_at = \(Statement.now), started_at = coalesce(started_at, \(Statement.now)),
            updated_at = \(Statement.now), row_version = row_version + 1
          WHERE ctid = ANY (ARRAY(\(granted))) AND clock_timestamp() < now() + \(oldestTransaction)
          RETURNING id, tenant_id, package_name, workflow_name, package_version, package_digest, payload, lease_epoch,
            losses, priority, created_at, greatest(run_at, created_at), \(Statement.now)
        ), told AS (
          INSERT INTO workflow_event (workflow_id, event_type, data, created_at)
          SELECT id, 'leased', ('{"node":' || to_json($2::text) || ',"epoch":' || lease_epoch || '}')::json,
            \(Statement.now)
          FROM granted
        )
        SELECT g.*, \(weight) FROM granted AS g
        """)
  }

  /// What of a tenant's queue may be claimed by this node, in order.
  private static func queue(of tenant: String, after cursor: String?) -> String {
    """
    SELECT ctid AS place, priority, created_at, id FROM workflow_run AS r
    WHERE \(ready) AND r.tenant_id = \(tenant)
      \(cursor.map { "AND (r.priority, r.created_at, r.id) > (\($0))" } ?? "")
      AND ($5::text[] IS NULL OR r.package_digest = ANY ($5::text[]))
      AND ($6::text[] IS NULL OR r.type LIKE ANY ($6::text[]))
    ORDER BY r.priority, r.created_at, r.id LIMIT $4::bigint FOR UPDATE SKIP LOCKED
    """
  }

  /// From several tenants: priority goes first, then each tenant's place by its weight, then age.
  private static func shares(of tenants: String, after cursor: String?) -> String {
    """
    SELECT c.place FROM (
      SELECT d.place, d.priority, d.created_at, d.id,
        (row_number() OVER (PARTITION BY t.tenant, d.priority ORDER BY d.created_at, d.id) - 0.5)
          / \(tenantWeight("t.tenant")) AS share
      FROM \(tenants) CROSS JOIN LATERAL (\(queue(of: "t.tenant", after: cursor))) AS d) AS c
    ORDER BY c.priority, c.share, c.created_at, c.id LIMIT $4::bigint
    """
  }

  /// From the start of the index, whose tenants are found by jumps.
  private static let claimFresh = claim(
    "claiming runs",
    with: """
      found (tenant) AS (
        (SELECT tenant_id FROM workflow_run WHERE \(ready) ORDER BY tenant_id LIMIT 1)
        UNION ALL
        SELECT (SELECT tenant_id FROM workflow_run WHERE \(ready) AND tenant_id > found.tenant
          ORDER BY tenant_id LIMIT 1)
        FROM found WHERE found.tenant IS NOT NULL
      ),
      """,
    shares(of: "(SELECT tenant FROM found WHERE tenant IS NOT NULL) AS t", after: nil))

  /// On from where the last claim ended, when that was all of one tenant.
  private static let claimOne = claim(
    "claiming runs of a tenant", weight: "1",
    "SELECT q.place FROM (\(queue(of: "($7::text[])[1]", after: "($8::bigint[])[1], ($9::timestamptz[])[1], ($10::uuid[])[1]"))) AS q"
  )

  /// On from where the last claim ended.
  private static let claimMany = claim(
    "claiming runs of tenants",
    shares(
      of: "unnest($7::text[], $8::bigint[], $9::timestamptz[], $10::uuid[]) AS t (tenant, priority, created_at, id)",
      after: "t.priority, t.created_at, t.id"))

  private static let checkpoints = Statement(
    name: "reading checkpoints",
    sql: """
      SELECT t.run_id, \(TaskRunRow.columns) FROM unnest($1::uuid[]) AS w (run)
      JOIN task_run AS t ON t.run_id = w.run ORDER BY t.run_id, t.seq
      """)

  /// Steps that make runs claimable, before `claim`.
  static func prepare(_ now: Timestamp?) -> [Step] {
    let pins = Parameters()
    pins.add(time: now).add(ErrorClass.permanent.rawValue)
    pins.add("the payload is not a JSON object")
    let time = Parameters()
    time.add(time: now)
    return [Step(adopt, pins), Step(promote, time)]
  }

  /// Where a tenant's queue was read to.
  fileprivate struct Cursor {
    var priority: Int64
    /// As PostgreSQL keeps it: our milliseconds would lose its digits.
    var createdAt: Int64
    var id: UUIDBits
  }

  private var cursors: [String: Cursor] = [:]
  /// What the last claim asked for: the cursors have passed over everything else.
  private var digests: Set<PackageDigest>?
  private var types: [String] = []
  private var refreshAt: UInt64 = 0
  private var isFresh = true
  private var wasShort = true
  /// Nanoseconds that the last looks at the whole index took.
  private var costs: [UInt64] = []

  private var cost: UInt64 { costs.count < Claims.samples ? 0 : costs.min() ?? 0 }

  /// The step that claims; nothing is claimed for a limit of 0.
  func step(_ request: ClaimRequest, _ now: Timestamp?) -> Step {
    let isCheap = cost < Claims.cheap
    if Clock.monotonic >= refreshAt || (wasShort && isCheap) || request.digests != digests || request.types != types {
      cursors = [:]
    }
    (digests, types) = (request.digests, request.types)
    isFresh = cursors.isEmpty
    let parameters = Parameters()
    parameters.add(time: now).add(request.node)
    parameters.add(request.leaseMilliseconds).add(Int64(request.limit))
    parameters.addOptional(texts: request.digests?.map(\.hex))
    parameters.addOptional(texts: request.types.isEmpty ? nil : request.types)
    if !cursors.isEmpty {
      let known = cursors.map { $0 }
      parameters.add(texts: known.map(\.key))
      parameters.add(numbers: known.map(\.value.priority))
      parameters.add(microseconds: known.map(\.value.createdAt))
      parameters.add(ids: known.map(\.value.id))
    }
    let statement =
      switch cursors.count {
      case 0: Claims.claimFresh
      case 1: Claims.claimOne
      default: Claims.claimMany
      }
    return Step(statement, parameters) { [self] rows, outcome throws(StoreError) in
      outcome.claimed = try read(rows)
      wasShort = outcome.claimed.count < request.limit
    }
  }

  /// To be told how long the batch of the last step took.
  func took(_ nanoseconds: UInt64) {
    guard isFresh else { return }
    costs = costs.suffix(Claims.samples - 1) + [nanoseconds]
    refreshAt = Clock.monotonic + max(Claims.refreshAfter, cost * Claims.refreshShare)
  }

  /// The next claim begins at the start: to be told when a batch was not committed.
  func forget() { cursors = [:] }

  /// The claimed runs in their order; notes how far each tenant's queue was read.
  func read(_ rows: Rows) throws(StoreError) -> [ClaimedRun] {
    var names = NameCache()
    var found: [(cursor: Cursor, weight: Int64, run: ClaimedRun)] = []
    found.reserveCapacity(rows.count)
    for row in 0..<rows.count {
      let id = rows.id(row, 0)
      let cursor = Cursor(priority: rows.int(row, 9), createdAt: rows.int(row, 10), id: id)
      var run = ClaimedRun(
        lease: LeaseKey(run: id.run, epoch: rows.int(row, 7)), tenant: names.text(rows, row, 1),
        package: names.text(rows, row, 2), workflow: names.text(rows, row, 3), version: names.text(rows, row, 4),
        digest: try names.digest(rows, row, 5), input: rows.bytes(row, 6), losses: Int(rows.int(row, 8)),
        checkpoints: [])
      // Both are microseconds; a run may be due since the beginning of time.
      run.waited = max(0, rows.int(row, 12) &- rows.int(row, 11)) / 1000
      run.createdAt = rows.time(row, 10)
      if cursors[run.tenant].map({ $0 < cursor }) ?? true { cursors[run.tenant] = cursor }
      found.append((cursor, rows.int(row, 13), run))
    }
    found.sort { $0.cursor < $1.cursor }
    return inTurns(found)
  }

  /// The runs, in order within each tenant, as the tenants' weights mix them.
  private func inTurns(_ found: [(cursor: Cursor, weight: Int64, run: ClaimedRun)]) -> [ClaimedRun] {
    guard let first = found.first, found.contains(where: { $0.run.tenant != first.run.tenant }) else {
      return found.map(\.run)
    }
    var places: [String: (priority: Int64, count: Double)] = [:]
    let shares = found.map { entry in
      let tenant = entry.run.tenant
      let before = places[tenant].flatMap { $0.priority == entry.cursor.priority ? $0.count : nil } ?? 0
      places[tenant] = (entry.cursor.priority, before + 1)
      return (before + 0.5) / Double(entry.weight)
    }
    let order = found.indices.sorted { left, right in
      (found[left].cursor.priority, shares[left], left) < (found[right].cursor.priority, shares[right], right)
    }
    return order.map { found[$0].run }
  }

  /// Adds what earlier owners wrote. To be done once the claim is committed: nobody else can add to it then.
  static func addCheckpoints(to runs: inout [ClaimedRun], _ connection: Connection) throws(PostgresFailure) {
    // A first owner finds none: to write one takes a lease.
    let resumed = runs.indices.filter { runs[$0].lease.epoch > 1 }
    guard !resumed.isEmpty else { return }
    var places: [UUIDBits: Int] = [:]
    for place in resumed { places[bits(runs[place].lease.run)] = place }
    let parameters = Parameters()
    parameters.add(ids: Array(places.keys))
    let rows = try connection.run([Command(checkpoints, parameters)])[0]
    for row in 0..<rows.count {
      guard let place = places[rows.id(row, 0)], let checkpoint = TaskRunRow.checkpoint(rows, row, from: 1) else {
        continue
      }
      runs[place].checkpoints.append(checkpoint)
    }
  }
}

extension Claims.Cursor: Comparable {
  static func < (left: Claims.Cursor, right: Claims.Cursor) -> Bool {
    (left.priority, left.createdAt, left.id.high, left.id.low)
      < (right.priority, right.createdAt, right.id.high, right.id.low)
  }
}

/// Names that repeat from row to row, so that a claim of many runs does not allocate each anew.
struct NameCache {
  private var last: [Int32: String] = [:]
  private var lastDigest: PackageDigest?

  mutating func text(_ rows: Rows, _ row: Int, _ column: Int32) -> String {
    if let known = last[column], known.utf8.elementsEqual(rows.raw(row, column)) { return known }
    let text = rows.text(row, column)
    last[column] = text
    return text
  }

  mutating func digest(_ rows: Rows, _ row: Int, _ column: Int32) throws(StoreError) -> PackageDigest {
    if let lastDigest, lastDigest.hex.utf8.elementsEqual(rows.raw(row, column)) { return lastDigest }
    let digest = try rows.digest(row, column)
    lastDigest = digest
    return digest
  }
}
