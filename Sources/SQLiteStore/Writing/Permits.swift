import WorkflowModel
import WorkflowStore

/// Gives tasks the right to run beside those that share their key.
final class Permits {
  private let lease: Query
  private let holders: Query
  private let forgetVoid: Query
  private let insert: Query
  private let delete: Query

  init(_ connection: Connection) {
    lease = connection.query(
      "checking a lease", "SELECT 1 FROM workflow_run WHERE id = ?1 AND lease_epoch = ?2 AND status = 'leased'")
    holders = connection.query(
      "counting permits",
      """
      SELECT count(*), coalesce(max(run_id = ?3 AND task = ?4 AND lease_epoch = ?5), 0) FROM concurrency_permit
      WHERE tenant_id = ?1 AND key = ?2
      """)
    forgetVoid = connection.query(
      "forgetting void permits",
      """
      DELETE FROM concurrency_permit
      WHERE tenant_id = ?1 AND key = ?2 AND NOT EXISTS (
        SELECT 1 FROM workflow_run AS r
        WHERE r.id = run_id AND r.lease_epoch = concurrency_permit.lease_epoch AND r.status = 'leased')
      """)
    insert = connection.query(
      "granting a permit",
      """
      INSERT INTO concurrency_permit (tenant_id, key, run_id, task, lease_epoch, granted_at)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (tenant_id, key, run_id, task)
      DO UPDATE SET lease_epoch = excluded.lease_epoch, granted_at = excluded.granted_at
      """)
    delete = connection.query(
      "giving back a permit",
      """
      DELETE FROM concurrency_permit
      WHERE tenant_id = ?1 AND key = ?2 AND run_id = ?3 AND task = ?4 AND lease_epoch = ?5
      """)
  }

  func release(_ keys: [PermitKey]) throws(StoreError) {
    for key in keys { try bind(delete, key).execute() }
  }

  func grant(_ requests: [PermitRequest], at now: String) throws(StoreError) -> [Bool] {
    try requests.map { request throws(StoreError) in
      let run = request.key.lease
      guard try lease.bind(1, run.run.text).bind(2, run.epoch).first({ _ in true }) != nil else { return false }
      var (count, isHeld) = try state(request.key)
      if isHeld { return true }
      if count >= request.limit, try forgetVoid.bind(1, request.key.tenant).bind(2, request.key.key).execute() > 0 {
        count = try state(request.key).count
      }
      guard count < request.limit else { return false }
      try bind(insert, request.key).bind(6, now).execute()
      return true
    }
  }

  /// Permits of the key, void ones included, and whether this one is among them.
  private func state(_ key: PermitKey) throws(StoreError) -> (count: Int, isHeld: Bool) {
    try bind(holders, key).first { (Int($0.int(0)), $0.int(1) == 1) } ?? (0, false)
  }

  private func bind(_ query: Query, _ key: PermitKey) -> Query {
    query.bind(1, key.tenant).bind(2, key.key).bind(3, key.lease.run.text).bind(4, key.task).bind(5, key.lease.epoch)
  }
}
