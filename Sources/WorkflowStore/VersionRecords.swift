package import WorkflowModel

/// Asks that a version be the one that new runs of its package take.
package struct ActivationRequest: Sendable, Equatable {
  package var tenant: String
  package var package: String
  package var digest: PackageDigest
  package var origin: Origin
  /// Whether a version lower than the active one may take its place.
  package var allowsDowngrade = false
  /// The swap it is a step of; its row goes on to `settle`, or past it, in the same transaction.
  package var swap: String?
  /// How the swap went so far; a row that is not there yet is begun with it.
  package var course: SwapStart?
  /// The epoch that the caller knows, 0 for no active version; nil: whatever it is.
  package var knownEpoch: Int64?
  /// When to return to the version before, see ``RollbackRuling``. The active version gets it in place of its present one.
  package var rule: RollbackRule?
  /// Is told when the transaction begins.
  package var start: TransactionStart?

  package init(tenant: String, package: String, digest: PackageDigest, origin: Origin) {
    self.tenant = tenant
    self.package = package
    self.digest = digest
    self.origin = origin
  }
}

/// Asks that the version be active again that was so before.
package struct RollbackRequest: Sendable, Equatable {
  package var tenant: String
  package var package: String
  package var origin: Origin
  /// The version that was prepared; when a rollback would return to another one by now nothing is written.
  package var to: PackageDigest?
  /// As for ``ActivationRequest``.
  package var swap: String?
  package var course: SwapStart?
  /// As for ``ActivationRequest``.
  package var knownEpoch: Int64?
  /// The broken rule that it is done for. When that is over, or its leader leads no more, nothing is written.
  package var order: RollbackOrder?
  /// As for ``ActivationRequest``.
  package var start: TransactionStart?

  package init(tenant: String, package: String, origin: Origin) {
    self.tenant = tenant
    self.package = package
    self.origin = origin
  }
}

/// One version of one package, and who asks something of it.
package struct VersionRequest: Sendable, Equatable {
  package var tenant: String
  package var package: String
  package var digest: PackageDigest
  package var origin: Origin
  /// One sentence for the record; nil: none.
  package var reason: String?

  package init(tenant: String, package: String, digest: PackageDigest, origin: Origin, reason: String? = nil) {
    self.tenant = tenant
    self.package = package
    self.digest = digest
    self.origin = origin
    self.reason = reason
  }
}

/// What ``VersionKeeping/advance(_:_:now:)`` does; other changes of state have functions of their own.
package enum VersionStepByHand: Sendable, CaseIterable {
  case probed, yank, unyank

  package var event: VersionEvent {
    switch self {
    case .probed: .probed
    case .yank: .yanked
    case .unyank: .unyanked
    }
  }
}

/// The version that takes a share of a package's new runs.
package struct CanaryRecord: Sendable, Equatable {
  package var tenant: String
  package var package: String
  package var digest: PackageDigest
  package var version: String
  package var share: CanaryShare
  /// When it became the canary; a change of the share leaves it.
  package var since: Timestamp
  /// Of its rule, see ``RuleKey/epoch``; nil: it is under none.
  package var rule: Int64?

  package init(
    tenant: String, package: String, digest: PackageDigest, version: String, share: CanaryShare, since: Timestamp
  ) {
    self.tenant = tenant
    self.package = package
    self.digest = digest
    self.version = version
    self.share = share
    self.since = since
  }
}

/// A probe or a load of an archive that failed, whether or not the archive is registered.
package struct QuarantineReport: Sendable, Equatable {
  package var tenant: String
  package var digest: PackageDigest
  package var name: String
  package var version: String
  /// Stable code of the failure.
  package var code: String
  package var reason: String
  package var origin: Origin

  package init(
    tenant: String, digest: PackageDigest, name: String, version: String, code: String, reason: String, origin: Origin
  ) {
    self.tenant = tenant
    self.digest = digest
    self.name = name
    self.version = version
    self.code = code
    self.reason = reason
    self.origin = origin
  }
}

/// One row of `package_quarantine`.
package struct QuarantineRecord: Sendable, Equatable {
  package var tenant: String
  package var digest: PackageDigest
  package var name: String
  package var version: String
  /// Of the last failure.
  package var code: String
  package var reason: String
  package var failures: Int
  package var firstAt: Timestamp
  package var lastAt: Timestamp
  /// The next try is refused before this time.
  package var until: Timestamp

  package init(
    tenant: String, digest: PackageDigest, name: String, version: String, code: String, reason: String, failures: Int,
    firstAt: Timestamp, lastAt: Timestamp, until: Timestamp
  ) {
    self.tenant = tenant
    self.digest = digest
    self.name = name
    self.version = version
    self.code = code
    self.reason = reason
    self.failures = failures
    self.firstAt = firstAt
    self.lastAt = lastAt
    self.until = until
  }
}

/// What a removal took away.
package struct Removal: Sendable, Equatable {
  package var record: PackageRecord
  /// Bytes of archives that nobody else uses and that are gone with it.
  package var freedBytes: Int

  package init(record: PackageRecord, freedBytes: Int) {
    self.record = record
    self.freedBytes = freedBytes
  }
}

/// A change of state that followed from facts.
package struct VersionTransition: Sendable, Equatable {
  package var tenant: String
  package var package: String
  package var version: String
  package var digest: PackageDigest
  package var from: VersionState
  package var to: VersionState

  package init(
    tenant: String, package: String, version: String, digest: PackageDigest, from: VersionState, to: VersionState
  ) {
    self.tenant = tenant
    self.package = package
    self.version = version
    self.digest = digest
    self.from = from
    self.to = to
  }
}

/// All there is to say of one version in a list.
package struct VersionFacts: Sendable, Equatable {
  package var record: PackageRecord
  /// Runs pinned to it that are not over.
  package var runsInFlight = 0
  /// Since when new runs take it, wholly or as a canary; nil: they do not.
  package var activeSince: Timestamp?
  /// Its share when it is the canary.
  package var canary: CanaryShare?
  /// Of the nodes that take in work, those that have its bytes in place, and those that have probed it since.
  package var nodesStaged = 0
  package var nodesProbed = 0

  package init(record: PackageRecord) { self.record = record }
}

/// A package's versions, newest registration first.
package struct PackageFacts: Sendable, Equatable {
  package var activation: Activation?
  package var versions: [VersionFacts] = []
  /// Nodes that take in work now.
  package var nodesReady = 0
  /// Of these, those that have acted upon the activation.
  package var nodesSettled = 0

  /// Nothing, as for a package that nobody knows.
  package init() {}

  /// The versions with what their records and the activation say of them.
  package init(activation: Activation?, records: [PackageRecord]) {
    self.activation = activation
    versions = records.map { record in
      var facts = VersionFacts(record: record)
      if let activation, activation.digest == record.digest { facts.activeSince = activation.activatedAt }
      if let canary = activation?.canary, canary.digest == record.digest {
        facts.activeSince = canary.since
        facts.canary = canary.share
      }
      return facts
    }
  }
}
