import Testing

@testable import WorkflowModel

@Suite struct VersionStateTests {
  /// Every transition that there is; what is not here must be refused.
  private static let table: [VersionState: [VersionEvent: VersionState]] = [
    .registered: [.probed: .probed, .failed: .quarantined, .yanked: .yanked],
    .probed: [.probed: .probed, .activated: .active, .failed: .quarantined, .yanked: .yanked],
    .active: [.probed: .active, .activated: .active, .superseded: .draining],
    .draining: [.probed: .draining, .activated: .active, .emptied: .drained, .yanked: .yanked],
    .drained: [
      .probed: .drained, .activated: .active, .occupied: .draining, .released: .retired, .failed: .quarantined,
      .yanked: .yanked,
    ],
    .retired: [
      .probed: .retired, .activated: .active, .occupied: .draining, .kept: .drained, .failed: .quarantined,
      .yanked: .yanked,
    ],
    .quarantined: [.probed: .probed, .failed: .quarantined, .cleared: .registered, .yanked: .yanked],
    .yanked: [.probed: .yanked, .yanked: .yanked, .unyanked: .retired],
  ]

  @Test(arguments: VersionState.allCases)
  func everyEventLeadsWhereTheTableSays(state: VersionState) {
    for event in VersionEvent.allCases {
      #expect(state.after(event) == Self.table[state]?[event], "\(state) after \(event)")
    }
  }

  @Test func onlyWhatIsTakenBackOrCannotBeLoadedRefusesRunsThatAskForIt() {
    #expect(VersionState.allCases.filter { !$0.takesRequestedRuns } == [.quarantined, .yanked])
  }

  /// Whatever the facts are, settling comes to an end, in a state that agrees with them.
  @Test(arguments: VersionState.allCases)
  func settlingEndsWhereTheFactsAgree(state: VersionState) {
    for facts in 0..<8 {
      let (serves, runs, returned) = (facts & 1 != 0, facts & 2 != 0, facts & 4 != 0)
      var now = state
      var steps = 0
      while let event = now.settling(isInService: serves, hasRunsInFlight: runs, isReturnedTo: returned) {
        guard let next = now.after(event) else {
          Issue.record("settling wants \(event) in \(now), which must not happen there")
          return
        }
        now = next
        steps += 1
        #expect(steps < 4, "\(state) with \(facts) does not come to rest")
        if steps == 4 { return }
      }
      switch state {
      case .registered, .quarantined, .yanked: #expect(now == state)
      case .probed: #expect(now == (serves ? .active : .probed))
      case .active, .draining, .drained, .retired:
        #expect(now == (serves ? .active : runs ? .draining : returned ? .drained : .retired))
      }
    }
  }

  @Test func aDowngradeIsALowerPrecedence() {
    #expect(SemanticVersion.isDowngrade(from: "1.10.0", to: "1.9.0"))
    #expect(SemanticVersion.isDowngrade(from: "1.0.0", to: "1.0.0-rc.1"))
    #expect(!SemanticVersion.isDowngrade(from: "1.9.0", to: "1.10.0"))
    #expect(!SemanticVersion.isDowngrade(from: "1.0.0+a", to: "1.0.0+b"))
    #expect(!SemanticVersion.isDowngrade(from: "1.0.0+b", to: "1.0.0+a"))
    #expect(!SemanticVersion.isDowngrade(from: "no version", to: "1.0.0"))
  }
}
