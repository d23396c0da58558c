import WorkflowModel
import WorkflowStore

/// Hands runs back to go on by the version that is active.
enum Upgrades {
  private static let repin = Statement(
    name: "giving runs the active version",
    sql: """
      WITH moved AS (
        UPDATE workflow_run AS r SET status = 'pending', run_at = \(Statement.now), package_version = w.version,
          package_digest = w.digest, pinned_at = \(Statement.now), updated_at = \(Statement.now),
          row_version = row_version + 1
        FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::json[])
          AS w (run, epoch, version, digest, data)
        WHERE \(Statement.fence) AND EXISTS (
          SELECT 1 FROM activation AS a
          WHERE a.tenant_id = r.tenant_id AND a.package_name = r.package_name AND a.digest = w.digest)
        RETURNING r.id, w.data
      )
      INSERT INTO workflow_event (workflow_id, event_type, data, created_at)
      SELECT id, 'migrated', data, \(Statement.now) FROM moved
      """)

  /// What cannot have the version any more is released as it is.
  static func steps(_ writes: [RepinWrite], _ now: Timestamp?) -> [Step] {
    let leases = writes.map(\.lease)
    let parameters = Progress.parameters(leases, now)
    parameters.add(texts: writes.map(\.version)).add(texts: writes.map(\.digest.hex))
    parameters.add(raws: writes.map(\.data), of: .json)
    return [Step(repin, parameters), Progress.release(leases, now)]
  }
}
