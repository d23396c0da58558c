import WorkflowModel
import WorkflowStore

/// Puts back what lost owners left.
///
/// A node's batches hold a shared advisory lock on the node's name until they are committed; the sweep takes a run
/// from an owner only under the exclusive one. So no checkpoint of the old owner can be committed after the run has
/// gone to the next: it either was before the sweep, or finds the run not leased any more.
enum Sweep {
  /// The lock on the name of an owner. Advisory locks are the database's, names the schema's.
  static func place(_ name: String) -> String {
    "\(0x636C_6F61), hashtext(current_schema() || chr(31) || \(name))"
  }

  static let hold = Statement(
    name: "holding the name of an owner",
    sql: "SELECT pg_advisory_xact_lock_shared(\(place("w.node"))) FROM unnest($1::text[]) AS w (node)")

  /// Takes back what a look found lapsed, if it still is.
  ///
  /// A node that was stopped while its batch was on the way keeps its server session waiting, and with it the lock on its
  /// name. Once its leases have lapsed the session is ended; the next sweep finds the name free. Sessions of other roles
  /// are left alone: to try to end one that may not be ended would fail the sweep.
  private static let runs = Statement(
    name: "sweeping runs",
    sql: """
      WITH leader AS MATERIALIZED (
        SELECT 1 FROM duty_leader
        WHERE duty = $2::text AND node = $3::text AND epoch = $4::bigint AND lease_until > \(Statement.now) FOR SHARE
      ), lapsed AS MATERIALIZED (
        SELECT r.id, r.leased_by, r.lease_until FROM unnest($5::uuid[], $6::text[]) AS w (run, owner)
        JOIN workflow_run AS r ON r.id = w.run AND r.leased_by = w.owner AND r.status COLLATE "C" = 'leased'
        WHERE r.lease_until < \(Statement.now) AND EXISTS (SELECT 1 FROM leader)
      ), owners AS MATERIALIZED (
        SELECT o.leased_by, o.lease_until, pg_try_advisory_xact_lock(\(place("o.leased_by"))) AS is_free
        FROM (SELECT leased_by, min(lease_until) AS lease_until FROM lapsed GROUP BY leased_by) AS o
      ), evicted AS MATERIALIZED (
        SELECT pg_terminate_backend(l.pid) FROM owners AS o
        JOIN pg_locks AS l ON l.locktype = 'advisory' AND l.objsubid = 2 AND l.mode = 'ShareLock' AND l.granted
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND l.classid::bigint = \(0x636C_6F61)
          AND l.objid::bigint = hashtext(current_schema() || chr(31) || o.leased_by)::bigint & 4294967295
        JOIN pg_stat_activity AS a ON a.pid = l.pid AND a.usename = current_user
        WHERE NOT o.is_free AND o.lease_until < \(Statement.now) - interval '100 milliseconds'
          AND l.pid <> pg_backend_pid()
      ), put_back AS (
        UPDATE workflow_run AS r SET status = 'pending', losses = r.losses + 1, updated_at = \(Statement.now),
          row_version = r.row_version + 1
        FROM lapsed AS l JOIN owners AS o ON o.leased_by = l.leased_by AND o.is_free
        WHERE r.id = l.id AND r.status COLLATE "C" = 'leased' AND r.leased_by = l.leased_by AND r.lease_until < \(Statement.now)
        RETURNING r.id, r.leased_by, r.lease_epoch, r.losses
      ), told AS (
        INSERT INTO workflow_event (workflow_id, event_type, data, created_at)
        SELECT id, 'recovered', json_build_object('node', leased_by, 'epoch', lease_epoch, 'losses', losses),
          \(Statement.now)
        FROM put_back
      ), takes AS (
        UPDATE task_offer SET state = 'ended', outcome = 'lost', error = 'node ' || taken_by || ' was lost',
          started_at = coalesce(started_at, \(Statement.now)), finished_at = \(Statement.now)
        WHERE state = 'taken' AND lease_until < \(Statement.now) AND EXISTS (SELECT 1 FROM leader)
        RETURNING 1
      )
      SELECT (SELECT count(*) FROM leader), (SELECT count(*) FROM put_back), (SELECT count(*) FROM takes),
        (SELECT count(*) FROM evicted)
      """)

  /// Offers and permits whose run has ended or changed hands, and what nodes left that are long gone.
  private static let tidy = Statement(
    name: "sweeping offers",
    sql: """
      WITH leader AS MATERIALIZED (
        SELECT 1 FROM duty_leader
        WHERE duty = $2::text AND node = $3::text AND epoch = $4::bigint AND lease_until > \(Statement.now) FOR SHARE
      ), offers AS (
        DELETE FROM task_offer AS o WHERE EXISTS (SELECT 1 FROM leader) AND NOT EXISTS (
          SELECT 1 FROM workflow_run AS r
          WHERE r.id = o.run_id AND r.status COLLATE "C" = 'leased' AND r.lease_epoch = o.lease_epoch)
      ), permits AS (
        DELETE FROM concurrency_permit AS p WHERE EXISTS (SELECT 1 FROM leader) AND NOT EXISTS (
          SELECT 1 FROM workflow_run AS r
          WHERE r.id = p.run_id AND r.status COLLATE "C" = 'leased' AND r.lease_epoch = p.lease_epoch)
      ), nodes AS (
        DELETE FROM node WHERE EXISTS (SELECT 1 FROM leader) AND lapses_at < \(Statement.now) - interval '1 hour'
        RETURNING boot_id
      ), packages AS (
        DELETE FROM node_package WHERE boot_id IN (SELECT boot_id FROM nodes)
      )
      SELECT 1
      """)

  static func steps(_ key: DutyKey, _ lapsed: [LeaseLook.Lapsed], _ now: Timestamp?) -> [Step] {
    func parameters() -> Parameters { Parameters().add(time: now).add(key.duty.rawValue).add(key.node).add(key.epoch) }
    return [
      Step(runs, parameters().add(ids: lapsed.map(\.run)).add(texts: lapsed.map(\.owner))) { rows, outcome in
        outcome.swept.isLeader = rows.int(0, 0) == 1
        outcome.swept.runs = Int(rows.int(0, 1))
        outcome.swept.takes = Int(rows.int(0, 2))
      }, Step(tidy, parameters()),
    ]
  }
}
