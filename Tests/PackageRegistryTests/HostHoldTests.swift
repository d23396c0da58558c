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
  func submit(_ calls: [TaskCall]) {}
  func cancel(_ callID: UInt64) {}
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

  @Test func aHeldHostIsKeptUntilTheLastWhoHoldsItLetsGo() {
    var state = loaded()
    state.hold(old)
    state.hold(old)
    let held = state.take(except: [new])
    #expect(held.isEmpty)
    #expect(!state.hasHost(except: [new]))
    let releases = (state.release(old), state.take(except: [new]).count, state.release(old))
    #expect(releases == (false, 0, true))
    #expect(state.hasHost(except: [new]))
    let released = state.take(except: [new])
    #expect(released.count == 1)
    #expect(state.loaded.map(\.digest) == [new])
  }

  @Test func aHoldMayComeBeforeItsHostAndAReleaseTooMany() {
    var state = HostPoolState()
    state.hold(old)
    _ = state.adopt(IdleHost(), old)
    let taken = state.take(except: [])
    #expect(taken.isEmpty)
    let releases = [state.release(old), state.release(old), state.release(new)]
    #expect(releases == [true, false, false])
  }

  @Test func closingTakesWhatIsHeldToo() {
    var state = loaded()
    state.hold(old)
    let taken = state.takeAll()
    #expect(taken.count == 2)
  }

  @Test func whoWaitsForALoadIsToldThatThePoolIsClosed() throws {
    let pool = HostPool { _ throws(HostError) in throw HostError(code: "CLO-TEST", message: "nothing is opened") }
    pool.close(deadline: 0)
    let error = #expect(throws: HostError.self) { try pool.loaded(old) }
    #expect(error?.code == "CLO-P090" && error?.isInfrastructure == true)
  }
}
