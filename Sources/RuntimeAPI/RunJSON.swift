package import CloacinaRuntime
package import WorkflowModel
package import WorkflowStore

extension RunRecord {
  /// `cloacina.run/1` as lists show it: without payloads and tasks.
  package var contract: JSONValue { .document("run", summary) }

  /// `cloacina.run/1` as `run show` shows it: with input, result and tasks.
  package func contract(tasks: [TaskCheckpoint], definition: WorkflowDefinition?) -> JSONValue {
    .document(
      "run",
      summary + [
        ("input", .payload(input)), ("result", .payload(result)),
        ("tasks", .array(TaskHistory.collect(tasks, definition).map { $0.contract(of: status) })),
      ])
  }

  private var summary: [(String, JSONValue)] {
    [
      ("id", .string(id.text)), ("tenant", .string(tenant)), ("type", .string(type)),
      ("package", .optional(package)), ("workflow", .optional(workflow)), ("version", .optional(version)),
      ("digest", .optional(digest?.hex)), ("status", .string(status.rawValue)), ("priority", .integer(priority)),
      ("error", .optional(lastError)), ("error_class", .optional(errorClass)),
      ("idempotency_key", .optional(idempotencyKey)), ("leased_by", .optional(leasedBy)),
      ("lease_epoch", .integer(leaseEpoch)), ("created_at", .time(createdAt)), ("run_at", .time(runAt)),
      ("started_at", .time(startedAt)), ("completed_at", .time(completedAt)),
      ("duration_ms", .duration(startedAt, completedAt)), ("labels", .payload(labels)),
    ]
  }
}

/// All attempts of one task of a run.
private struct TaskHistory {
  var id: String
  var attempts: [TaskCheckpoint] = []

  /// Tasks in declaration order, then those that the declaration does not know.
  static func collect(_ checkpoints: [TaskCheckpoint], _ definition: WorkflowDefinition?) -> [TaskHistory] {
    var histories = definition?.tasks.map { TaskHistory(id: $0.id) } ?? []
    var places = Dictionary(histories.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    for checkpoint in checkpoints {
      if let place = places[checkpoint.task] {
        histories[place].attempts.append(checkpoint)
      } else {
        places[checkpoint.task] = histories.count
        histories.append(TaskHistory(id: checkpoint.task, attempts: [checkpoint]))
      }
    }
    return histories
  }

  func contract(of run: RunStatus) -> JSONValue {
    // What a retry of the run made begin anew is as if it had not been reached.
    let last = attempts.last.flatMap { $0.reopens ? nil : $0 }
    // Without an attempt that ended: never reached, or stopped on the way.
    let unended = run == .cancelled ? "cancelled" : run.isTerminal ? "not_reached" : "pending"
    return .object([
      JSONMember("task", .string(id)),
      JSONMember("status", .string(last?.status.rawValue ?? unended)),
      JSONMember("attempt", .integer(last?.attempt ?? 0)),
      JSONMember("started_at", .time(last?.startedAt)), JSONMember("finished_at", .time(last?.finishedAt)),
      JSONMember("duration_ms", .duration(last?.startedAt, last?.finishedAt)),
      JSONMember("error", .optional(last?.failure?.message)),
      JSONMember("error_class", .optional(last?.failure?.errorClass.rawValue)),
      JSONMember("attempts", .array(attempts.filter { !$0.reopens }.map(TaskHistory.contract))),
    ])
  }

  private static func contract(_ attempt: TaskCheckpoint) -> JSONValue {
    .object([
      JSONMember("attempt", .integer(attempt.attempt)), JSONMember("status", .string(attempt.status.rawValue)),
      JSONMember("started_at", .time(attempt.startedAt)), JSONMember("finished_at", .time(attempt.finishedAt)),
      JSONMember("duration_ms", .duration(attempt.startedAt, attempt.finishedAt)),
      JSONMember("patch", .payload(attempt.patch)), JSONMember("error", .optional(attempt.failure?.message)),
      JSONMember("error_class", .optional(attempt.failure?.errorClass.rawValue)),
      JSONMember("retry_at", .time(attempt.retryAt)),
    ])
  }
}

extension EventRecord {
  /// `cloacina.event/1`
  package var contract: JSONValue {
    .document(
      "event",
      [
        ("id", .integer(id)), ("run", .string(run.text)), ("type", .string(type)), ("time", .time(createdAt)),
        ("data", .payload(data)),
      ])
  }
}

extension StartResult {
  /// `cloacina.start/1`
  package var contract: JSONValue {
    .document(
      "start", [("id", .string(id.text)), ("created", .bool(created)), ("digest", .optional(digest?.hex))])
  }
}

extension CancelOutcome {
  /// `cloacina.cancellation/1`
  package func contract(_ id: RunID) -> JSONValue {
    let members: [(String, JSONValue)] =
      switch self {
      case .cancelled(let wasLeased):
        [("cancelled", .bool(true)), ("was_running", .bool(wasLeased)), ("status", .string("cancelled"))]
      case .alreadyEnded(let status):
        [("cancelled", .bool(false)), ("was_running", .bool(false)), ("status", .string(status.rawValue))]
      case .notFound: [("cancelled", .bool(false)), ("was_running", .bool(false)), ("status", .null)]
      }
    return .document("cancellation", [("id", .string(id.text))] + members)
  }
}
