import Testing

@testable import WorkflowModel

@Suite struct SwapStepTests {
  @Test func stepsGoForwardOrFailAndNeverComeBack() {
    let order: [SwapStep] = [.verify, .stage, .probe, .activate, .settle, .drain, .done]
    for (place, step) in order.enumerated() {
      for (other, next) in order.enumerated() {
        #expect(step.mayBecome(next) == (step == .done ? next == .done : other >= place), "\(step) to \(next)")
      }
      #expect(step.mayBecome(.failed) == (step != .done))
      #expect(SwapStep.failed.mayBecome(step) == false)
    }
    #expect(SwapStep.allCases.filter(\.isOver) == [.done, .failed])
    #expect(SwapStep.allCases.filter(\.isBeforeActivation) == [.verify, .stage, .probe, .activate])
  }

  @Test func aWayBackOvertakes() {
    #expect(SwapKind.allCases.filter(\.overtakes) == [.rollback, .automatic])
  }

  @Test func quarantinesGetLongerUpToAnHour() {
    let seconds = (1...9).map { QuarantineBackoff.delay(failures: $0) / 1000 }
    #expect(seconds == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600])
    #expect(QuarantineBackoff.delay(failures: .max) == 3_600_000)
    #expect(QuarantineBackoff.delay(failures: 0) == 30_000)
  }
}
