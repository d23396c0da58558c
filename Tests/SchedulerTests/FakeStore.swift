import StoreConformance
import Synchronization
import Threading
import WorkflowModel
import WorkflowStore

/// A store in memory that keeps every batch, counts permits, and answers the rest as the test tells it to.
final class FakeStore: UnansweringStore {
  struct State {
    var claimable: [ClaimedRun] = []
    var takeable: [TakenTask] = []
    var collectable: [CollectedTask] = []
    var lostTakes: [OfferKey] = []
    var lost: [LostLease] = []
    var active: Activation?
    var swept = SweepOutcome()
    var refusesOffers = false
    var refusesFinishes = false
    /// Permits that somebody on another node holds, of each key.
    var foreignPermits = 0
    var permits: Set<PermitKey> = []
    var batches: [StoreBatch] = []
    var news: [Set<StoreNews>] = []
    /// Batches wait here before they are applied.
    var gate: OneShot<Void>?
  }

  private let state = Mutex(State())

  func set(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }

  var batches: [StoreBatch] { state.withLock { $0.batches } }
  var permits: Set<PermitKey> { state.withLock { $0.permits } }

  /// Everything that was written so far, as one list of a kind of entry.
  func written<Entry>(_ entries: (StoreBatch) -> [Entry]) -> [Entry] {
    batches.flatMap(entries)
  }

  var news: Set<StoreNews> { state.withLock { $0.news.reduce(into: []) { $0.formUnion($1) } } }

  func forgetBatches() {
    state.withLock { state in
      state.batches = []
      state.news = []
    }
  }

  func apply(_ batch: StoreBatch) throws(StoreError) -> StoreOutcome {
    state.withLock { $0.gate }?.wait()
    return state.withLock { state in
      if !batch.isEmpty { state.batches.append(batch) }
      return state.apply(batch)
    }
  }

  func lost(_ owned: [LeaseKey], node: String) throws(StoreError) -> [LostLease] { state.withLock { $0.lost } }
  func activation(tenant: String, package: String) throws(StoreError) -> Activation? { state.withLock { $0.active } }
  func announce(_ news: Set<StoreNews>) { state.withLock { $0.news.append(news) } }
}

extension FakeStore.State {
  fileprivate mutating func apply(_ batch: StoreBatch) -> StoreOutcome {
    var outcome = StoreOutcome()
    outcome.starts = batch.starts.map { _ in true }
    outcome.checkpoints = batch.checkpoints.map { _ in true }
    outcome.finishes = batch.finishes.map { _ in !refusesFinishes }
    for key in batch.permitReleases { permits.remove(key) }
    outcome.permits = batch.permits.map { grant($0) }
    outcome.offers = batch.offers.map { _ in !refusesOffers }
    outcome.offerEnds = batch.offerEnds.map { _ in true }
    if batch.heartbeat != nil { outcome.lostTakes = FakeStore.State.handOver(&lostTakes) }
    if batch.sweep != nil { outcome.swept = swept }
    if batch.collect != nil { outcome.collected = FakeStore.State.handOver(&collectable) }
    if let take = batch.take { outcome.taken = FakeStore.State.handOver(&takeable, take.limit) }
    if let claim = batch.claim { outcome.claimed = FakeStore.State.handOver(&claimable, claim.limit) }
    return outcome
  }

  private mutating func grant(_ request: PermitRequest) -> Bool {
    if permits.contains(request.key) { return true }
    let holders = permits.count { $0.tenant == request.key.tenant && $0.key == request.key.key }
    guard holders + foreignPermits < request.limit else { return false }
    permits.insert(request.key)
    return true
  }

  private static func handOver<Element>(_ list: inout [Element], _ limit: Int = .max) -> [Element] {
    let head = Array(list.prefix(limit))
    list.removeFirst(head.count)
    return head
  }
}
