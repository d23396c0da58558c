import WorkflowStore

/// Ends what earlier processes held in this database, which only one process at a time may have open.
///
/// Whatever is leased before this process grants its first lease has a dead owner, so that it need not be waited
/// for: its time is set back, and the first sweep puts it back.
final class EarlierProcess {
  private let expire: [Query]
  private var mayHaveLeft = true

  init(_ connection: Connection) {
    let past = "'0000-01-01 00:00:00.000'"
    expire = [
      connection.query(
        "expiring the leases of earlier processes",
        "UPDATE workflow_run SET lease_until = \(past) WHERE status = 'leased' AND package_digest IS NOT NULL"),
      connection.query(
        "expiring the tasks taken by earlier processes",
        "UPDATE task_offer SET take_until = \(past) WHERE taken_by IS NOT NULL AND outcome IS NULL"),
      connection.query("ending the leads of earlier processes", "UPDATE duty_leader SET lead_until = \(past)"),
      connection.query(
        "ending the reports of earlier processes", "UPDATE node SET alive_until = min(alive_until, heartbeat_at)"),
    ]
  }

  /// To be called, in its transaction, before anything is granted.
  func expireLeases() throws(StoreError) {
    guard mayHaveLeft else { return }
    for query in expire { try query.execute() }
  }

  /// To be told once such a transaction is committed.
  func committed() { mayHaveLeft = false }
}
