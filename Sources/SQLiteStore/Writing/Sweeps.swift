import WorkflowModel
import WorkflowStore

/// Puts back what lost nodes held: their runs become claimable, and the owners of tasks they had taken are told.
final class Sweeps {
  private struct Lapsed {
    var row: Int64
    var lease: LeaseKey
    var node: String
    var losses: Int64
  }

  /// How long a lost node stays in the list of nodes.
  static let memory: Int64 = 3_600_000

  private let leads: Leads
  private let lapsed: Query
  private let putBack: Query
  private let loseTakes: Query
  private let forgetVoid: [Query]
  private let forgetLost: [Query]
  private let events: EventLog

  init(_ connection: Connection, _ leads: Leads, _ events: EventLog) {
    self.leads = leads
    self.events = events
    lapsed = connection.query(
      "looking for lapsed leases",
      """
      SELECT rowid, id, lease_epoch, leased_by, losses FROM workflow_run INDEXED BY workflow_run_lease
      WHERE status = 'leased' AND lease_until < ?1 AND package_digest IS NOT NULL AND deleted_at IS NULL
      """)
    putBack = connection.query(
      "putting back a run",
      """
      UPDATE workflow_run SET status = 'pending', losses = losses + 1, updated_at = ?2, row_version = row_version + 1
      WHERE rowid = ?1
      """)
    loseTakes = connection.query(
      "putting back taken tasks",
      """
      UPDATE task_offer SET outcome = 'lost', error = 'node ' || taken_by || ' was lost', started_at = taken_at,
        finished_at = ?1
      WHERE taken_by IS NOT NULL AND outcome IS NULL AND take_until < ?1
      """)
    forgetVoid = ["task_offer", "concurrency_permit"].map { table in
      connection.query("forgetting what is void", "DELETE FROM \(table) AS o WHERE NOT \(Offers.isValid)")
    }
    let lost = "SELECT boot_id FROM node WHERE alive_until < ?1"
    forgetLost = [
      connection.query("forgetting lost nodes", "DELETE FROM node_package WHERE boot_id IN (\(lost))"),
      connection.query("forgetting lost nodes", "DELETE FROM node WHERE alive_until < ?1"),
    ]
  }

  func sweep(_ key: DutyKey, now: Timestamp, text: String) throws(StoreError) -> SweepOutcome {
    var outcome = SweepOutcome()
    guard try leads.isHeld(key, at: text) else {
      outcome.isLeader = false
      return outcome
    }
    outcome.runs = try putBackRuns(at: text)
    for query in forgetVoid { try query.execute() }
    outcome.takes = try loseTakes.bind(1, text).execute()
    let horizon = TimestampFormat.sql(now - Sweeps.memory)
    for query in forgetLost { try query.bind(1, horizon).execute() }
    return outcome
  }

  private func putBackRuns(at now: String) throws(StoreError) -> Int {
    let runs = try lapsed.bind(1, now).all { row in
      Lapsed(
        row: row.int(0), lease: LeaseKey(run: RunID(row.text(1)), epoch: row.int(2)), node: row.text(3),
        losses: row.int(4))
    }
    for run in runs {
      try putBack.bind(1, run.row).bind(2, now).execute()
      try events.write(run.lease.run, "recovered", at: now) { data in
        data.add("node", run.node)
        data.add("epoch", run.lease.epoch)
        data.add("losses", run.losses + 1)
      }
    }
    return runs.count
  }
}
