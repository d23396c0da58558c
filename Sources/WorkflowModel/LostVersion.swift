/// A version that a run is pinned to and whose graph cannot be read any more, because it was removed.
package struct LostVersion: Error, Sendable, Equatable {
  package var digest: PackageDigest
  /// As people name it, for example `1.1.0`.
  package var version: String
  /// Why its graph cannot be read, as a sentence.
  package var reason: String

  package init(digest: PackageDigest, version: String, reason: String) {
    self.digest = digest
    self.version = version
    self.reason = reason
  }
}

extension RunRepair {
  /// Everything begins anew on the target: nothing of the lost graph is needed for that, and for anything else it is.
  func planAfterLoss(_ run: RunSnapshot, _ start: RetryStart, _ lost: LostVersion) throws(RepairRefusal) -> RetryPlan {
    guard start == .start, target != nil else { throw refusal(of: lost) }
    var result = RetryPlan()
    for checkpoint in run.checkpoints where !result.reset.contains(checkpoint.task) {
      result.reset.append(checkpoint.task)
    }
    return result
  }

  /// What of the run's own graph would be needed is gone.
  func refusal(of lost: LostVersion) -> RepairRefusal {
    let again =
      "do everything again on another version: cloacina-ctl run retry ID --from start --on "
      + (target?.version ?? "active")
    let isOpen = if case .migrate = deed { true } else { false }
    return RepairRefusal(
      .removed,
      "the run's own version \(lost.version) is gone, so that nothing it has done can be kept: \(lost.reason)",
      fix: isOpen ? "cancel the run first, then \(again)" : again)
  }
}
