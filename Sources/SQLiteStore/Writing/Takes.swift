import WorkflowModel
import WorkflowStore

/// The taker's side of offered tasks: takes them, keeps them, and ends them.
final class Takes {
  private let open: Query
  private let grant: Query
  private let extend: Query
  private let end: Query

  init(_ connection: Connection) {
    open = connection.query(
      "looking for offered tasks",
      """
      SELECT o.id, o.take_epoch, o.run_id, o.task, o.attempt, o.tenant_id, o.package_name, o.workflow_name,
        o.package_digest, o.workflow_index, o.task_index, o.timeout_ms, o.input
      FROM task_offer AS o INDEXED BY task_offer_open
      WHERE o.taken_by IS NULL AND \(Offers.isValid)
        AND (?1 IS NULL OR o.package_digest IN (SELECT value FROM json_each(?1)))
        AND (o.tags IS NULL OR NOT EXISTS (
          SELECT 1 FROM json_each(o.tags) WHERE value NOT IN (SELECT value FROM json_each(?2))))
      ORDER BY o.id LIMIT ?3
      """)
    grant = connection.query(
      "taking a task",
      "UPDATE task_offer SET taken_by = ?2, take_epoch = ?3, take_until = ?4, taken_at = ?5 WHERE id = ?1")
    let isOurs = "o.id = ?1 AND o.take_epoch = ?2 AND o.taken_by IS NOT NULL AND o.outcome IS NULL"
    extend = connection.query(
      "extending the lease of a taken task",
      "UPDATE task_offer AS o SET take_until = ?4 WHERE \(isOurs) AND o.taken_by = ?3 AND \(Offers.isValid)")
    end = connection.query(
      "ending a taken task",
      """
      UPDATE task_offer AS o SET started_at = ?3, finished_at = ?4, outcome = ?5, patch = ?6, error_class = ?7,
        error = ?8
      WHERE \(isOurs) AND \(Offers.isValid)
      """)
  }

  func take(_ request: TakeRequest, now: Timestamp, text: String) throws(StoreError) -> [TakenTask] {
    open.bind(1, text: request.digests.map { JSONTexts.array($0.map(\.hex)) })
    let tasks = try open.bind(2, text: JSONTexts.array(request.tags)).bind(3, max(request.limit, 0)).all(Takes.task)
    let until = TimestampFormat.sql(now + request.leaseMilliseconds)
    for task in tasks {
      try grant.bind(1, task.key.id).bind(2, request.node).bind(3, task.key.epoch).bind(4, until).bind(5, text)
        .execute()
    }
    return tasks
  }

  /// Extends the leases of the heartbeat's takes and returns those that are lost.
  func extend(_ heartbeat: HeartbeatWrite, now: Timestamp) throws(StoreError) -> [OfferKey] {
    guard !heartbeat.takes.isEmpty else { return [] }
    let until = TimestampFormat.sql(now + heartbeat.leaseMilliseconds)
    var lost: [OfferKey] = []
    for key in heartbeat.takes {
      extend.bind(1, key.id).bind(2, key.epoch).bind(3, heartbeat.node)
      if try extend.bind(4, until).execute() == 0 { lost.append(key) }
    }
    return lost
  }

  func end(_ ends: [OfferEnd]) throws(StoreError) -> [Bool] {
    try ends.map { write throws(StoreError) in
      end.bind(1, write.key.id).bind(2, write.key.epoch)
      end.bind(3, TimestampFormat.sql(write.startedAt)).bind(4, TimestampFormat.sql(write.finishedAt))
      OutcomeColumns.bind(end, from: 5, write.outcome)
      return try end.execute() == 1
    }
  }

  private static func task(_ row: Query) throws(StoreError) -> TakenTask {
    let call = TaskCall(
      id: 0, digest: try row.digest(8), tenant: row.text(5), package: row.text(6), workflow: row.text(7),
      task: row.text(3), workflowIndex: Int(row.int(9)), taskIndex: Int(row.int(10)), attempt: Int(row.int(4)),
      runID: RunID(row.text(2)), timeoutMilliseconds: row.int(11), input: row.bytes(12))
    return TakenTask(key: OfferKey(id: row.int(0), epoch: row.int(1) + 1), call: call)
  }
}
