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

  /// False for a second claim, heartbeat or the like: a transaction holds at most one of each.
  func accepts(_ batch: StoreBatch) -> Bool {
    (batch.claim == nil || merged.claim == nil) && (batch.heartbeat == nil || merged.heartbeat == nil)
      && (batch.take == nil || merged.take == nil) && (batch.collect == nil || merged.collect == nil)
      && (batch.sweep == nil || merged.sweep == nil)
  }

  mutating func add(_ batch: StoreBatch, _ completion: @escaping CommitQueue.Completion) {
    parts.append(Part(batch: batch, completion: completion))
    rows += batch.submissions.count + batch.starts.count + batch.checkpoints.count + batch.finishes.count
    rows +=
      batch.events.count + batch.cancels.count + batch.releases.count + batch.repins.count + (batch.claim?.limit ?? 0)
    rows += batch.permits.count + batch.permitReleases.count + batch.offers.count + batch.offerEnds.count
    rows += batch.take?.limit ?? 0
    rows += batch.scheduleFires.reduce(0) { $0 + 1 + $1.slots.count }
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
    merged.repins += batch.repins
    merged.releases += batch.releases
    merged.permitReleases += batch.permitReleases
    merged.permits += batch.permits
    merged.offers += batch.offers
    merged.offerEnds += batch.offerEnds
    merged.scheduleFires += batch.scheduleFires
    merged.heartbeat = merged.heartbeat ?? batch.heartbeat
    merged.sweep = merged.sweep ?? batch.sweep
    merged.collect = merged.collect ?? batch.collect
    merged.take = merged.take ?? batch.take
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
    var permits = outcome.permits[...]
    var offers = outcome.offers[...]
    var offerEnds = outcome.offerEnds[...]
    var scheduleFires = outcome.scheduleFires[...]
    for part in parts {
      var share = StoreOutcome()
      share.submissions = CommitGroup.take(part.batch.submissions.count, from: &submissions)
      share.starts = CommitGroup.take(part.batch.starts.count, from: &starts)
      share.checkpoints = CommitGroup.take(part.batch.checkpoints.count, from: &checkpoints)
      share.finishes = CommitGroup.take(part.batch.finishes.count, from: &finishes)
      share.cancels = CommitGroup.take(part.batch.cancels.count, from: &cancels)
      share.permits = CommitGroup.take(part.batch.permits.count, from: &permits)
      share.offers = CommitGroup.take(part.batch.offers.count, from: &offers)
      share.offerEnds = CommitGroup.take(part.batch.offerEnds.count, from: &offerEnds)
      share.scheduleFires = CommitGroup.take(part.batch.scheduleFires.count, from: &scheduleFires)
      if part.batch.heartbeat != nil { share.lostTakes = outcome.lostTakes }
      if part.batch.sweep != nil { share.swept = outcome.swept }
      if part.batch.collect != nil { share.collected = outcome.collected }
      if part.batch.take != nil { share.taken = outcome.taken }
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
