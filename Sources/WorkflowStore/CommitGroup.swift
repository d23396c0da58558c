import WorkflowModel

/// Several batches that become one transaction, and the way back from its outcome to each of them.
struct CommitGroup {
  struct Part {
    var batch: StoreBatch
    var completion: CommitQueue.Completion
  }

  private(set) var parts: [Part] = []
  private(set) var merged: StoreBatch
  private(set) var rows = 0

  init(now: Timestamp) { merged = StoreBatch(now: now) }

  /// False for a second claim or heartbeat: a transaction holds at most one of each.
  func accepts(_ batch: StoreBatch) -> Bool {
    (batch.claim == nil || merged.claim == nil) && (batch.heartbeat == nil || merged.heartbeat == nil)
  }

  mutating func add(_ batch: StoreBatch, _ completion: @escaping CommitQueue.Completion) {
    parts.append(Part(batch: batch, completion: completion))
    rows += batch.submissions.count + batch.starts.count + batch.checkpoints.count + batch.finishes.count
    rows += batch.events.count + batch.cancels.count + batch.releases.count + (batch.claim?.limit ?? 0)
    guard parts.count > 1 else {
      merged = batch
      return
    }
    merged.now = max(merged.now, batch.now)
    merged.submissions += batch.submissions
    merged.starts += batch.starts
    merged.checkpoints += batch.checkpoints
    merged.events += batch.events
    merged.finishes += batch.finishes
    merged.cancels += batch.cancels
    merged.releases += batch.releases
    merged.heartbeat = merged.heartbeat ?? batch.heartbeat
    merged.claim = merged.claim ?? batch.claim
  }

  func fail(_ error: StoreError) {
    for part in parts { part.completion(.failure(error)) }
  }

  /// Gives each part its share of the outcome, in the order in which the parts were added.
  func deliver(_ outcome: StoreOutcome) {
    guard parts.count > 1 else {
      parts.first?.completion(.success(outcome))
      return
    }
    var submissions = outcome.submissions[...]
    var starts = outcome.starts[...]
    var checkpoints = outcome.checkpoints[...]
    var finishes = outcome.finishes[...]
    var cancels = outcome.cancels[...]
    for part in parts {
      var share = StoreOutcome()
      share.submissions = CommitGroup.take(part.batch.submissions.count, from: &submissions)
      share.starts = CommitGroup.take(part.batch.starts.count, from: &starts)
      share.checkpoints = CommitGroup.take(part.batch.checkpoints.count, from: &checkpoints)
      share.finishes = CommitGroup.take(part.batch.finishes.count, from: &finishes)
      share.cancels = CommitGroup.take(part.batch.cancels.count, from: &cancels)
      if part.batch.claim != nil { share.claimed = outcome.claimed }
      part.completion(.success(share))
    }
  }

  private static func take<Element>(_ count: Int, from slice: inout ArraySlice<Element>) -> [Element] {
    let head = Array(slice.prefix(count))
    slice = slice.dropFirst(count)
    return head
  }
}
