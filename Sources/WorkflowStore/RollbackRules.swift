package import WorkflowModel

/// One activation, or one canary, of a package that is, or was, under a rule.
package struct RuleKey: Hashable, Sendable {
  package var tenant: String
  package var package: String
  /// Of the activation; below zero the number of a canary under a rule, the package's first being -1.
  package var epoch: Int64

  package init(tenant: String, package: String, epoch: Int64) {
    self.tenant = tenant
    self.package = package
    self.epoch = epoch
  }
}

extension RuleKey {
  /// The activation as the subject of a rule.
  package init(_ activation: Activation) {
    self.init(tenant: activation.tenant, package: activation.package, epoch: activation.epoch)
  }

  /// True for the rule of a canary, whose end it is about.
  package var isCanary: Bool { epoch < 0 }
}

/// A rule whose activation is still the package's last one, or whose canary is still there, with what its version's
/// runs have come to.
package struct ArmedRule: Sendable, Equatable {
  package var key: RuleKey
  package var digest: PackageDigest
  package var version: String
  /// As ``RollbackRule`` reads it; a newer release may have written what this one cannot read.
  package var rule: String
  /// When it was given.
  package var since: Timestamp
  /// What the leader found last.
  package var breach: RollbackJudge.Breach?
  /// The sum of what all nodes have reported.
  package var counts = OutcomeCounts()

  package init(key: RuleKey, digest: PackageDigest, version: String, rule: String, since: Timestamp) {
    self.key = key
    self.digest = digest
    self.version = version
    self.rule = rule
    self.since = since
  }
}

/// The armed rules, by tenant and package, and the time of the store at which they were read.
package struct ArmedRules: Sendable, Equatable {
  package var now: Timestamp
  package var rules: [ArmedRule]

  package init(now: Timestamp, rules: [ArmedRule]) {
    self.now = now
    self.rules = rules
  }
}

/// What one node has counted for one rule, from its first run on.
package struct OutcomeReport: Sendable, Equatable {
  package var key: RuleKey
  package var digest: PackageDigest
  package var counts: OutcomeCounts

  package init(key: RuleKey, digest: PackageDigest, counts: OutcomeCounts) {
    self.key = key
    self.digest = digest
    self.counts = counts
  }
}

/// Asks for a roll back by right of a rule and of leading the duty of judging.
package struct RollbackOrder: Sendable, Equatable {
  package var rule: RuleKey
  package var leader: DutyKey
  /// What the judge found, for people.
  package var evidence: String

  package init(rule: RuleKey, leader: DutyKey, evidence: String) {
    self.rule = rule
    self.leader = leader
    self.evidence = evidence
  }
}

/// A rule and what became of it.
package struct RollbackRecord: Sendable, Equatable {
  package enum State: String, Sendable, CaseIterable {
    /// It is judged.
    case armed
    /// It was broken, and the version before is active again, or the canary has ended.
    case rolledBack = "rolled_back"
    /// Somebody has activated something else since, or ended the canary.
    case superseded
  }

  package var key: RuleKey
  package var digest: PackageDigest
  package var version: String
  package var rule: String
  package var since: Timestamp
  package var state: State
  /// Since when it is broken without a break, or was at its end; nil while it holds.
  package var breachedSince: Timestamp?
  package var endedAt: Timestamp?
  /// Version that a roll back made active, or that was so at the end of a canary.
  package var returnedTo: String?
  /// What the judge found; nil unless rolled back.
  package var evidence: String?
  /// True while the activation or the canary, or what the rule made of it, is the package's last.
  package var isCurrent = false

  package init(
    key: RuleKey, digest: PackageDigest, version: String, rule: String, since: Timestamp, state: State
  ) {
    self.key = key
    self.digest = digest
    self.version = version
    self.rule = rule
    self.since = since
    self.state = state
  }

  /// What state a rule of activation `epoch` is in, and whether that is still the package's last word.
  ///
  /// - Parameter active: epoch of the package's activation now; nil when it has none.
  package static func state(
    epoch: Int64, hasRolledBack: Bool, active: Int64?
  ) -> (state: State, isCurrent: Bool) {
    if hasRolledBack { return (.rolledBack, active == epoch + 1) }
    return active == epoch ? (.armed, true) : (.superseded, false)
  }

  /// The same for the rule of a canary.
  ///
  /// - Parameters:
  ///   - isThere: the canary has not ended.
  ///   - isLast: nothing was activated and no other canary was put under a rule since its end.
  package static func canaryState(hasEnded: Bool, isThere: Bool, isLast: Bool) -> (state: State, isCurrent: Bool) {
    if hasEnded { return (.rolledBack, isLast) }
    return isThere ? (.armed, true) : (.superseded, false)
  }
}

/// Rules by which a version is taken back on its own: given with an activation or a canary, over with the next one or
/// its end, be it what a rule asks for (``ActivationRequest/rule``, ``RollbackRequest/order``).
package protocol RollbackRuling: AnyObject, Sendable {
  func armedRules(now: Timestamp) throws(StoreError) -> ArmedRules
  /// Records what a node (a boot id) has counted, in place of what it said before. Rules that are over are left out.
  func report(_ outcomes: [OutcomeReport], node: String, now: Timestamp) throws(StoreError)
  /// Records what the leader found of a rule; nil: it holds.
  ///
  /// - Returns: false when the rule is over, or `leader` leads no more.
  func note(
    _ breach: RollbackJudge.Breach?, of rule: RuleKey, leader: DutyKey, now: Timestamp
  ) throws(StoreError) -> Bool
  /// Rules and what became of them, newest first: every one of a package, or the current ones of all.
  func rollbackRecords(tenant: String?, package: String?) throws(StoreError) -> [RollbackRecord]
}

extension StoreError {
  /// A rule without a version that it could make active again.
  package static func nothingToReturnTo(_ activation: Activation) -> StoreError {
    StoreError(
      .notFound,
      "package '\(activation.package)' of tenant '\(activation.tenant)' has no earlier active version than"
        + " \(activation.version) that a rule could return to; activate it without a rule")
  }
}

extension OutcomeCounts {
  /// Reads what a store has kept.
  ///
  /// - Throws: ``StoreError`` `.corrupt` when the bytes are no counts.
  package init(stored bytes: [UInt8]) throws(StoreError) {
    let counts = (try? JSONReader.read(bytes)).flatMap(OutcomeCounts.init(json:))
    guard let counts else {
      let text = String(decoding: bytes, as: UTF8.self)
      throw StoreError(.corrupt, "'\(text)' stands where counts of runs are expected; run 'cloacina-ctl db check'")
    }
    self = counts
  }
}
