package import WorkflowModel
package import WorkflowStore

/// A version whose ended runs are counted because its activation is under a rule.
package struct WatchedVersion: Sendable, Equatable {
  package var rule: RuleKey
  package var digest: PackageDigest

  package init(rule: RuleKey, digest: PackageDigest) {
    self.rule = rule
    self.digest = digest
  }
}

/// Counts how the runs of watched versions end on this node.
struct OutcomeTally {
  /// What runs are told apart by.
  struct Subject: Hashable {
    var tenant: String
    var digest: PackageDigest
  }

  private var counted: [Subject: OutcomeReport] = [:]

  var isEmpty: Bool { counted.isEmpty }

  /// Counts of watched versions, by tenant, package and epoch.
  var reports: [OutcomeReport] {
    counted.values.sorted {
      ($0.key.tenant, $0.key.package, $0.key.epoch) < ($1.key.tenant, $1.key.package, $1.key.epoch)
    }
  }

  /// Begins to count at nothing for a rule that is new, and forgets those that are over.
  mutating func watch(_ versions: [WatchedVersion]) {
    var next: [Subject: OutcomeReport] = [:]
    for version in versions {
      let subject = Subject(tenant: version.rule.tenant, digest: version.digest)
      let known = counted[subject].flatMap { $0.key == version.rule ? $0 : nil }
      next[subject] = known ?? OutcomeReport(key: version.rule, digest: version.digest, counts: OutcomeCounts())
    }
    counted = next
  }

  func watches(_ subject: Subject) -> Bool { counted[subject] != nil }

  mutating func add(_ subject: Subject, failed: Bool, latency: Int64) {
    counted[subject]?.counts.add(failed: failed, latency: latency)
  }
}

/// The end of a counted run, while it is on its way to the store.
struct CountedEnd: Sendable {
  /// Among the batch's finishes.
  var place: Int
  var tenant: String
  var digest: PackageDigest
  var failed: Bool
  /// Milliseconds between the time at which the run was due and the claim.
  var waited: Int64
  /// Monotonic nanoseconds of the claim.
  var heldSince: UInt64
}

extension SchedulerLoop {
  /// Remembers the finish that was just added to the batch, if runs of its version are counted. A cancelled run says
  /// nothing of its version.
  func noteEnd(of claim: ClaimedRun, _ status: RunStatus, heldSince: UInt64) {
    guard !tally.isEmpty, status != .cancelled,
      tally.watches(OutcomeTally.Subject(tenant: claim.tenant, digest: claim.digest))
    else { return }
    ticket.ends.append(
      CountedEnd(
        place: batch.finishes.count - 1, tenant: claim.tenant, digest: claim.digest, failed: status == .failed,
        waited: claim.waited, heldSince: heldSince))
  }

  /// Counts the ends that the store has accepted.
  func count(_ ends: [CountedEnd], _ accepted: [Bool]) {
    for end in ends where accepted.indices.contains(end.place) && accepted[end.place] {
      let held = Int64((monotonic - min(end.heldSince, monotonic)) / 1_000_000)
      tally.add(
        OutcomeTally.Subject(tenant: end.tenant, digest: end.digest), failed: end.failed, latency: end.waited + held)
    }
  }
}
