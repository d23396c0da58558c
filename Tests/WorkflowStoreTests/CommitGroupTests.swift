import Synchronization
import Testing
import WorkflowModel

@testable import WorkflowStore

@Suite struct CommitGroupTests {
  private static let lease = LeaseKey(run: RunID("r"), epoch: 1)
  private static let digest = PackageDigest(hex: String(repeating: "a", count: 64))!

  private static func permit(_ task: String) -> PermitKey {
    PermitKey(lease: lease, tenant: "public", key: "k", task: task)
  }

  private static func call(_ task: String) -> TaskCall {
    TaskCall(
      id: 0, digest: digest, tenant: "public", package: "p", workflow: "w", task: task, workflowIndex: 0,
      taskIndex: 0, attempt: 1, runID: lease.run, timeoutMilliseconds: 0, input: [])
  }

  private static func collected(_ task: String) -> CollectedTask {
    CollectedTask(lease: lease, task: task, outcome: .cancelled, startedAt: 1, finishedAt: 2)
  }

  private static func end(_ id: Int64) -> OfferEnd {
    OfferEnd(key: OfferKey(id: id, epoch: 1), outcome: .cancelled, startedAt: 1, finishedAt: 2)
  }

  /// Collects what each part of a group is told.
  private final class Answers: Sendable {
    private let outcomes = Mutex<[String: StoreOutcome]>([:])

    func completion(_ name: String) -> CommitQueue.Completion {
      { result in self.outcomes.withLock { $0[name] = try? result.get() } }
    }

    func outcome(_ name: String) throws -> StoreOutcome { try #require(outcomes.withLock { $0[name] }) }
  }

  private static func first() -> StoreBatch {
    var batch = StoreBatch(now: 5)
    batch.permitReleases = [permit("a")]
    batch.permits = [PermitRequest(key: permit("b"), limit: 1), PermitRequest(key: permit("c"), limit: 1)]
    batch.offers = [OfferWrite(lease: lease, tags: [], call: call("d"))]
    batch.offerEnds = [end(1)]
    batch.collect = "node"
    return batch
  }

  private static func second() -> StoreBatch {
    var batch = StoreBatch(now: 4)
    batch.permitReleases = [permit("e")]
    batch.permits = [PermitRequest(key: permit("f"), limit: 1)]
    batch.offers = ["g", "h"].map { OfferWrite(lease: lease, tags: [], call: call($0)) }
    batch.offerEnds = [end(2), end(3)]
    batch.heartbeat = HeartbeatWrite(node: "node", leaseMilliseconds: 1)
    batch.take = TakeRequest(node: "node", leaseMilliseconds: 1, limit: 3, tags: [])
    return batch
  }

  private static func third() -> StoreBatch {
    var batch = StoreBatch(now: 3)
    batch.sweep = DutyKey(duty: .sweep, node: "node", epoch: 1)
    batch.claim = ClaimRequest(node: "node", leaseMilliseconds: 1, limit: 4)
    return batch
  }

  private func group(_ answers: Answers) -> CommitGroup {
    var group = CommitGroup(now: 0)
    for (name, batch) in [("first", Self.first()), ("second", Self.second()), ("third", Self.third())] {
      #expect(group.accepts(batch))
      group.add(batch, answers.completion(name))
    }
    return group
  }

  @Test func partsAreMergedInTheirOrder() {
    let merged = group(Answers()).merged
    #expect(merged.permitReleases.map(\.task) == ["a", "e"])
    #expect(merged.permits.map(\.key.task) == ["b", "c", "f"])
    #expect(merged.offers.map(\.call.task) == ["d", "g", "h"])
    #expect(merged.offerEnds.map(\.key.id) == [1, 2, 3])
    #expect(merged.collect == "node" && merged.heartbeat != nil && merged.take?.limit == 3)
    #expect(merged.sweep?.epoch == 1 && merged.claim?.limit == 4)
    #expect(merged.now == 5)
  }

  @Test func everyPartIsToldItsOwnShare() throws {
    let answers = Answers()
    var outcome = StoreOutcome()
    outcome.permits = [true, false, true]
    outcome.offers = [false, true, true]
    outcome.offerEnds = [true, false, false]
    outcome.lostTakes = [OfferKey(id: 9, epoch: 1)]
    outcome.swept.runs = 7
    outcome.collected = [Self.collected("d")]
    outcome.taken = [TakenTask(key: OfferKey(id: 8, epoch: 1), call: Self.call("x"))]
    group(answers).deliver(outcome)
    let first = try answers.outcome("first")
    #expect(first.permits == [true, false] && first.offers == [false] && first.offerEnds == [true])
    #expect(first.collected == outcome.collected && first.taken.isEmpty && first.lostTakes.isEmpty)
    let second = try answers.outcome("second")
    #expect(second.permits == [true] && second.offers == [true, true] && second.offerEnds == [false, false])
    #expect(second.lostTakes == outcome.lostTakes && second.taken.count == 1 && second.collected.isEmpty)
    let third = try answers.outcome("third")
    #expect(third.swept.runs == 7 && second.swept.runs == 0 && first.swept.runs == 0)
    #expect(third.permits.isEmpty && third.offers.isEmpty && third.offerEnds.isEmpty && third.lostTakes.isEmpty)
  }

  @Test func firesOfSchedulesAreMergedAndToldApart() throws {
    func batch(_ ids: String...) -> StoreBatch {
      var batch = StoreBatch(now: 1)
      batch.scheduleFires = ids.map { id in
        ScheduleFire(
          key: DutyKey(duty: .schedule, node: "n", epoch: 1), id: id, readNextRunAt: nil, nextRunAt: 2, slots: [3, 4],
          failure: nil)
      }
      #expect(!batch.isEmpty && batch.isIntake)
      return batch
    }
    let answers = Answers()
    var group = CommitGroup(now: 0)
    group.add(batch("a", "b"), answers.completion("first"))
    group.add(batch("c"), answers.completion("second"))
    #expect(group.merged.scheduleFires.map(\.id) == ["a", "b", "c"])
    #expect(group.rows == 9)
    var outcome = StoreOutcome()
    outcome.scheduleFires = [.fired, .superseded, .notLeading]
    group.deliver(outcome)
    #expect(try answers.outcome("first").scheduleFires == [.fired, .superseded])
    #expect(try answers.outcome("second").scheduleFires == [.notLeading])
  }

  @Test(arguments: 0..<5)
  func whatATransactionHoldsOnceBeginsTheNext(kind: Int) {
    var batch = StoreBatch(now: 1)
    switch kind {
    case 0: batch.heartbeat = HeartbeatWrite(node: "n", leaseMilliseconds: 1)
    case 1: batch.sweep = DutyKey(duty: .sweep, node: "n", epoch: 1)
    case 2: batch.collect = "n"
    case 3: batch.take = TakeRequest(node: "n", leaseMilliseconds: 1, limit: 1, tags: [])
    default: batch.claim = ClaimRequest(node: "n", leaseMilliseconds: 1, limit: 1)
    }
    var group = CommitGroup(now: 1)
    #expect(group.accepts(batch))
    group.add(batch) { _ in }
    #expect(!group.accepts(batch))
    #expect(group.accepts(StoreBatch(now: 1)))
  }

  @Test func rowsOfEveryKindCount() {
    // first: 1 + 2 + 1 + 1, second: 1 + 1 + 2 + 2 + a take of 3, third: a claim of 4
    #expect(group(Answers()).rows == 18)
  }
}
