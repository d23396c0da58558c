import WorkflowModel
import WorkflowStore

/// Hands runs back to go on by the version that is active.
final class Upgrades {
  private let repin: Query
  private let events: EventLog

  init(_ connection: Connection, _ events: EventLog) {
    self.events = events
    repin = connection.query(
      "giving a run the active version",
      """
      UPDATE workflow_run SET status = 'pending', run_at = ?5, package_version = ?3, package_digest = ?4,
        pinned_at = ?5, updated_at = ?5, row_version = row_version + 1
      WHERE id = ?1 AND lease_epoch = ?2 AND status = 'leased' AND EXISTS (
        SELECT 1 FROM activation AS a WHERE a.tenant_id = workflow_run.tenant_id
          AND a.package_name = workflow_run.package_name AND a.digest = ?4)
      """)
  }

  /// What cannot have the version any more is released as it is.
  func apply(_ writes: [RepinWrite], _ progress: Progress, at now: String) throws(StoreError) {
    for write in writes {
      repin.bind(1, write.lease.run.text).bind(2, write.lease.epoch).bind(3, write.version)
      if try repin.bind(4, write.digest.hex).bind(5, now).execute() == 1 {
        try events.write([EventWrite(run: write.lease.run, type: "migrated", data: write.data)], at: now)
      } else {
        try progress.release([write.lease], at: now)
      }
    }
  }
}
