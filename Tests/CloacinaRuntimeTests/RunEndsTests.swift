import StoreConformance
import Synchronization
import Testing
import Threading
import WorkflowModel
import WorkflowStore

@testable import CloacinaRuntime

/// Answers about one run what the test says, one answer after the other; the last one stays.
private final class OneRun: UnansweringStore {
  typealias Answer = Result<RunRecord?, StoreError>
  let answers: Mutex<[Answer]>
  let asked = Mailbox<Void>()
  let isShared: Bool

  init(_ answers: [Answer], isShared: Bool = false) {
    self.answers = Mutex(answers)
    self.isShared = isShared
  }

  func apply(_ batch: StoreBatch) throws(StoreError) -> StoreOutcome { StoreOutcome() }

  func run(_ id: RunID) throws(StoreError) -> RunRecord? {
    asked.post(())
    return try answers.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }.get()
  }

  static func record(_ status: RunStatus) -> Answer {
    .success(
      RunRecord(
        id: RunID("r"), tenant: "public", type: "etl.w", status: status, priority: 1, input: [], leaseEpoch: 1,
        createdAt: 0, runAt: 0))
  }
}

@Suite struct RunEndsTests {
  private let watch = RunWatch()

  private func begin(_ store: OneRun, until deadline: UInt64 = .max) -> (
    ends: RunEnds, wait: RunWait, answer: OneShot<Result<RunRecord, RuntimeError>>
  ) {
    let ends = RunEnds(store: store, watch: watch)
    let answer = OneShot<Result<RunRecord, RuntimeError>>()
    return (ends, ends.wait(RunID("r"), until: deadline) { answer.deliver($0) }, answer)
  }

  @Test func theSignalOfTheSchedulerIsHeard() throws {
    let store = OneRun([OneRun.record(.leased), OneRun.record(.succeeded)])
    let (ends, _, answer) = begin(store)
    defer { ends.close() }
    _ = store.asked.take()
    watch.ended([RunID("r")])
    #expect(try answer.wait()?.get().status == .succeeded)
  }

  @Test func onASharedDatabaseItIsAskedAgainWithoutASignal() throws {
    let store = OneRun([OneRun.record(.pending), OneRun.record(.leased), OneRun.record(.failed)], isShared: true)
    let (ends, _, answer) = begin(store)
    defer { ends.close() }
    #expect(try answer.wait()?.get().status == .failed)
  }

  @Test func theStateIsToldWhenTheTimeIsUp() throws {
    let (ends, _, answer) = begin(OneRun([OneRun.record(.leased)]), until: Clock.monotonic)
    defer { ends.close() }
    #expect(try answer.wait()?.get().status == .leased)
  }

  @Test func aDatabaseThatIsAwayIsWaitedForAndAnyOtherFailureIsTold() throws {
    let away = StoreError(.unavailable, "no answer", isTransient: true)
    let (ends, _, answer) = begin(OneRun([.failure(away), OneRun.record(.succeeded)], isShared: true))
    defer { ends.close() }
    #expect(try answer.wait()?.get().status == .succeeded)

    let (others, _, damaged) = begin(OneRun([.failure(StoreError(.corrupt, "page 7"))]))
    defer { others.close() }
    #expect(throws: RuntimeError.self) { try damaged.wait()?.get() }
  }

  @Test func anUnknownRunIsNotWaitedFor() {
    let (ends, _, answer) = begin(OneRun([.success(nil)]))
    defer { ends.close() }
    let error = #expect(throws: RuntimeError.self) { try answer.wait()?.get() }
    #expect(error?.code == "CLO-R006")
  }

  @Test func aWaitIsCalledOffAndNothingMoreIsSaidOfIt() {
    let store = OneRun([OneRun.record(.leased)])
    let (ends, wait, answer) = begin(store)
    defer { ends.close() }
    ends.callOff(wait)
    let error = #expect(throws: RuntimeError.self) { try answer.wait()?.get() }
    #expect(error?.code == "CLO-E008")
    ends.callOff(wait)
  }

  @Test func closingTellsEveryoneWhoWaits() {
    let store = OneRun([OneRun.record(.leased)])
    let (ends, _, answer) = begin(store)
    _ = store.asked.take()
    ends.close()
    let error = #expect(throws: RuntimeError.self) { try answer.wait()?.get() }
    #expect(error?.code == "CLO-E001")
    let late = OneShot<Result<RunRecord, RuntimeError>>()
    _ = ends.wait(RunID("r"), until: .max) { late.deliver($0) }
    #expect(throws: RuntimeError.self) { try late.wait()?.get() }
  }
}
