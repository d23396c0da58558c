import StoreConformance
import Synchronization
import Testing
import WorkflowModel
import WorkflowStore

@testable import CloacinaRuntime

/// A store of ended runs: keeps the requests, answers as the test tells it to.
private final class EndedRuns: UnansweringStore {
  struct State {
    var epoch: Int64? = 5
    var runs = 0
    var leads: [Duty] = []
    var requests: [RetentionRequest] = []
    var history: [HistoryRequest] = []
    var rows = 0
    var hasLostLead = false
    var failure: StoreError?
  }

  let state = Mutex(State())

  func apply(_ batch: StoreBatch) throws(StoreError) -> StoreOutcome { StoreOutcome() }

  func lead(_ duty: Duty, node: String, leaseMilliseconds: Int64, now: Timestamp) throws(StoreError) -> Int64? {
    state.withLock { state in
      state.leads.append(duty)
      return state.epoch
    }
  }

  func deleteEnded(_ request: RetentionRequest, now: Timestamp) throws(StoreError) -> RetentionOutcome {
    if let failure = state.withLock({ $0.failure }) { throw failure }
    return state.withLock { state in
      state.requests.append(request)
      var outcome = RetentionOutcome()
      outcome.isLeader = !state.hasLostLead
      guard outcome.isLeader else { return outcome }
      outcome.deleted = min(state.runs, request.limit)
      state.runs -= outcome.deleted
      return outcome
    }
  }

  func deleteHistory(_ request: HistoryRequest, now: Timestamp) throws(StoreError) -> RetentionOutcome {
    state.withLock { state in
      state.history.append(request)
      var outcome = RetentionOutcome()
      outcome.deleted = min(state.rows, request.limit)
      state.rows -= outcome.deleted
      return outcome
    }
  }

  var requests: [RetentionRequest] { state.withLock { $0.requests } }
}

@Suite struct RetentionDutyTests {
  private let now: Timestamp = 1_800_000_000_000
  private let store = EndedRuns()
  private let duty = RetentionDuty(node: "n", ages: RetentionAges(runs: 30))

  @Test func runsGoInBatchesWithPausesUntilThereAreNoMore() throws {
    store.state.withLock { $0.runs = 1200 }
    #expect(duty.nextTurn == 0)
    #expect(try duty.turn(store, now: now) == 500)
    #expect(try duty.turn(store, now: now + 99) == 0, "there is a pause between two")
    #expect(duty.nextTurn == now + 100)
    #expect(try duty.turn(store, now: now + 100) == 500)
    #expect(try duty.turn(store, now: now + 200) == 200)
    #expect(duty.nextTurn == now + 200 + 600_000)
    #expect(store.requests.map(\.limit) == [500, 500, 500])
    #expect(store.requests.map(\.endedBefore) == [0, 100, 200].map { now + $0 - 30 * 86_400_000 })
    #expect(store.requests[0].key == DutyKey(duty: .retention, node: "n", epoch: 5))
    #expect(store.state.withLock { $0.leads } == [.retention, .retention, .retention], "kept before each write")
  }

  @Test func swapsAreKeptAsLongAsRunsAndTheAuditTrailUntilThatIsAskedFor() throws {
    _ = try duty.turn(store, now: now)
    let kept = try #require(store.state.withLock { $0.history.first })
    #expect(kept.swapsEndedBefore == now - 30 * 86_400_000 && kept.auditBefore == nil)
    #expect(kept.key == DutyKey(duty: .retention, node: "n", epoch: 5))
    let trail = RetentionDuty(node: "n", ages: RetentionAges(audit: 365))
    store.state.withLock { $0.rows = 700 }
    #expect(try trail.turn(store, now: now) == 500)
    #expect(trail.nextTurn == now + 100, "there is more")
    #expect(try trail.turn(store, now: now + 100) == 200)
    #expect(trail.nextTurn == now + 100 + 600_000)
    let asked = try #require(store.state.withLock { $0.history.last })
    #expect(asked.swapsEndedBefore == nil && asked.auditBefore == now + 100 - 365 * 86_400_000)
    #expect(store.requests.count == 1, "runs are kept")
  }

  @Test func nothingIsDeletedWhileAnotherNodeLeads() throws {
    store.state.withLock { $0.epoch = nil }
    #expect(try duty.turn(store, now: now) == 0)
    #expect(store.requests.isEmpty)
    #expect(duty.nextTurn == now + 600_000)
  }

  @Test func whoHasLostTheLeadStopsBeforeTheNextWrite() throws {
    store.state.withLock { $0.runs = 2000 }
    #expect(try duty.turn(store, now: now) == 500)
    store.state.withLock { $0.hasLostLead = true }
    #expect(try duty.turn(store, now: now + 100) == 0)
    #expect(store.state.withLock { $0.runs } == 1500)
    #expect(duty.nextTurn == now + 100 + 600_000)
  }

  @Test func aStoreThatFailsIsLeftAloneForAWhile() throws {
    store.state.withLock { $0.failure = StoreError(.failed, "no") }
    #expect(throws: StoreError.self) { try duty.turn(store, now: now) }
    #expect(duty.nextTurn == now + 600_000)
  }

  @Test func slowBatchesBecomeSmallerAndQuickOnesLargerAgain() {
    #expect(RetentionDuty.next(500, took: 250_000_001) == 250)
    #expect(RetentionDuty.next(15, took: .max) == 10)
    #expect(RetentionDuty.next(10, took: 250_000_000) == 20)
    #expect(RetentionDuty.next(400, took: 0) == 500)
  }
}
