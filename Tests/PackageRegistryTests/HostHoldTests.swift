import PackageHost
import Testing
import WorkflowModel

@testable import PackageRegistry

/// A host that only exists.
private final class IdleHost: PackageHost {
  var descriptor: PackageDescriptor { PackageDescriptor(name: "p", version: "1.0.0", workflows: []) }
  var load: HostLoad {
    HostLoad(isolation: .runner, processID: nil, callsServed: 0, callsInFlight: 0, replacements: 0)
  }
  func submit(_ calls: [TaskCall]) -> Bool { true }
  func cancel(_ callID: UInt64) {}
  func retire(_ ended: @escaping @Sendable () -> Void) { ended() }
  func close(deadline: UInt64) {}
}

/// What is held stays loaded whatever version is active.
@Suite struct HostHoldTests {
  private let old = PackageDigest(hex: String(repeating: "a", count: 64))!
  private let new = PackageDigest(hex: String(repeating: "b", count: 64))!

  private func loaded() -> HostPoolState {
    var state = HostPoolState()
    for digest in [old, new] { _ = state.adopt(IdleHost(), digest) }
    return state
  }

  /// What a care without an idle time would end, when only the new version is needed.
  private func ended(_ state: inout HostPoolState) -> [PackageDigest] {
    let (care, now) = (RunnerCare(), RunnerCare.settling * 2)
    let facts = state.facts(now: now) { [new] in $0 == new ? .active : .nothing }
    return care.plan(facts.map(\.0), now: now).actions.map(\.digest)
  }

  @Test func aHeldHostIsKeptUntilTheLastWhoHoldsItLetsGo() {
    var state = loaded()
    state.hold(old)
    state.hold(old)
    let held = ended(&state)
    #expect(held.isEmpty)
    let first = (state.release(old), ended(&state), state.release(old))
    #expect(first == (false, [], true))
    let released = ended(&state)
    #expect(released == [old])
  }

  @Test func aHoldThatComesAfterThePlanKeepsTheHost() {
    var state = loaded()
    state.hold(old)
    let left = state.end(old, .unneeded)
    #expect(left == nil && state.loaded.count == 2)
  }

  @Test func aHeldHostIsReplacedLikeAnyOther() {
    var state = loaded()
    state.hold(old)
    let isBegun = state.beginReplacing(old)
    let left = state.replace(old, by: IdleHost(), .calls)
    #expect(isBegun && left != nil)
    let held = ended(&state)
    #expect(held.isEmpty, "the fresh one is held too")
  }

  @Test func aHoldMayComeBeforeItsHostAndAReleaseTooMany() {
    var state = HostPoolState()
    state.hold(old)
    _ = state.adopt(IdleHost(), old)
    let held = ended(&state)
    #expect(held.isEmpty)
    let releases = [state.release(old), state.release(old), state.release(new)]
    #expect(releases == [true, false, false])
  }

  @Test func closingTakesWhatIsHeldToo() throws {
    var state = loaded()
    state.hold(old)
    let closed = state.close()
    let left = try #require(closed)
    #expect(left.hosts.count == 2)
  }

  @Test func whoWaitsForALoadIsToldThatThePoolIsClosed() throws {
    let pool = HostPool { _ throws(HostError) in throw HostError(code: "CLO-TEST", message: "nothing is opened") }
    pool.close(deadline: 0)
    let error = #expect(throws: HostError.self) { try pool.loaded(old) }
    #expect(error?.code == "CLO-P090" && error?.isInfrastructure == true)
  }
}
