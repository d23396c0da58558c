import Testing

@testable import WorkflowModel

/// What can be done to a run whose own version was removed.
@Suite struct LostVersionTests {
  private static let gone = LostVersion(
    digest: PackageDigest(hex: String(repeating: "a", count: 64))!, version: "1.0.0",
    reason: "no package with digest aaaaaaaaaaaa is registered")

  /// A run of a, which succeeded, and b, which failed twice, on the version that is gone.
  private func decide(_ deed: RunRepair.Deed, to version: String?, status: RunStatus = .failed) throws -> RepairDecision
  {
    var repair = RunRepair(deed, RunID("r"), own: nil, target: try version.map(target))
    repair.lost = LostVersionTests.gone
    var run = RunSnapshot(
      status: status, digest: LostVersionTests.gone.digest, input: Array(#"{"rows":1}"#.utf8),
      checkpoints: [
        checkpoint("a", .succeeded), checkpoint("b", .pending, attempt: 1), checkpoint("b", .failed, attempt: 2),
      ])
    run.versionState = version == nil ? nil : .active
    return repair.decide(run)
  }

  private func target(_ version: String) throws -> RunVersion {
    let plan = try RunPlan(WorkflowDefinition(name: "w", tasks: [task("b"), task("c", ["b"])])) { input in
      String(decoding: input, as: UTF8.self).contains("rows") ? nil : InputMisfit(pointer: "", message: "no rows")
    }
    return RunVersion(
      digest: try #require(PackageDigest(hex: String(repeating: "b", count: 64))), version: version, plan: plan)
  }

  private func retry(_ start: RetryStart, set: String = "{}") throws -> RunRepair.Deed {
    .retry(start, set: try JSONObjectText(Array(set.utf8)))
  }

  @Test func fromTheStartItIsDoneOnAnotherVersion() throws {
    guard case .retry(let plan) = try decide(try retry(.start, set: #"{"rows":2}"#), to: "1.1.0") else {
      Issue.record("it was not opened again")
      return
    }
    #expect(plan.reset == ["a", "b"] && plan.kept.isEmpty, "what the new graph does not have is reset too")
    #expect(plan.input.map { String(decoding: $0, as: UTF8.self) } == #"{"rows":2}"#)
  }

  @Test func anInputThatDoesNotFitTheOtherVersionIsRefused() throws {
    guard case .refused(let refusal) = try decide(try retry(.start, set: #"{"rows":null}"#), to: "1.1.0") else {
      Issue.record("it was not refused")
      return
    }
    #expect(refusal.reason == .inputSchema)
  }

  @Test(arguments: [
    (RetryStart.failed, "1.1.0" as String?, "1.1.0"), (.task("b"), "1.1.0", "1.1.0"), (.failed, nil, "active"),
    (.start, nil, "active"),
  ])
  func whatNeedsTheOldGraphIsRefusedWithTheWayOut(start: RetryStart, version: String?, named: String) throws {
    guard case .refused(let refusal) = try decide(try retry(start), to: version) else {
      Issue.record("it was not refused")
      return
    }
    #expect(refusal.reason == .removed)
    #expect(
      refusal.message == """
        the run's own version 1.0.0 is gone, so that nothing it has done can be kept: no package with digest \
        aaaaaaaaaaaa is registered
        """)
    #expect(
      refusal.fix
        == "do everything again on another version: cloacina-ctl run retry ID --from start --on \(named)")
  }

  @Test func anOpenRunCannotBeMovedFromIt() throws {
    guard case .refused(let refusal) = try decide(.migrate, to: "1.1.0", status: .paused) else {
      Issue.record("it was not refused")
      return
    }
    #expect(refusal.reason == .removed && refusal.fix.hasPrefix("cancel the run first, then do everything again"))
    guard case .unchanged = try decide(try retry(.failed), to: nil, status: .pending) else {
      Issue.record("a run that is not over is left alone")
      return
    }
  }

  @Test func aRunThatHasAnotherVersionByNowIsLookedAtAgain() throws {
    var repair = RunRepair(try retry(.start), RunID("r"), own: nil, target: try target("1.1.0"))
    repair.lost = LostVersionTests.gone
    let digest = PackageDigest(hex: String(repeating: "c", count: 64))
    guard case .stale = repair.decide(RunSnapshot(status: .failed, digest: digest, input: [], checkpoints: [])) else {
      Issue.record("it was decided by the version that it had")
      return
    }
  }
}
