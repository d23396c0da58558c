/// One version of a package as a plan looks at it.
package struct PlanSide: Sendable, Equatable {
  package var descriptor: PackageDescriptor
  package var digest: PackageDigest
  package var archiveBytes: Int
  /// `runner` or `in-process`.
  package var isolation: String
  /// Target triples of its libraries.
  package var targets: [String]
  /// Names that the library for this machine exports.
  package var exports: [String]
  package var permissions = PackagePermissions.unrestricted

  package init(
    descriptor: PackageDescriptor, digest: PackageDigest, archiveBytes: Int, isolation: String, targets: [String],
    exports: [String]
  ) {
    self.descriptor = descriptor
    self.digest = digest
    self.archiveBytes = archiveBytes
    self.isolation = isolation
    self.targets = targets
    self.exports = exports
  }
}

/// A version that is registered already.
package struct KnownVersion: Sendable, Equatable {
  package var version: String
  package var digest: PackageDigest

  package init(version: String, digest: PackageDigest) {
    self.version = version
    self.digest = digest
  }
}

/// What registering and activating an archive would be.
package enum PlanVerdict: String, Sendable, CaseIterable {
  /// The package has no active version.
  case new
  /// These very bytes are active.
  case unchanged
  case update
  /// The version is lower than the active one; activating it has to be allowed expressly.
  case downgrade
  /// The version is registered with other bytes; the archive would be refused.
  case conflict
}

/// What would change if an archive were registered and activated; decided from values alone.
package struct PackagePlan: Sendable, Equatable {
  /// The active version; nil when there is none.
  package let old: PlanSide?
  package let new: PlanSide
  package let verdict: PlanVerdict
  /// These very bytes are registered already.
  package let isRegistered: Bool
  /// The package as a whole first, then workflow by workflow, then schedules.
  package let changes: [PlanChange]
  /// Schedules that start workflows of the package.
  package let schedules: [PlanSchedule]

  /// - Parameters:
  ///   - known: every registered version of the package.
  ///   - schedules: those whose type names the package.
  package init(from old: PlanSide?, to new: PlanSide, known: [KnownVersion], schedules: [PlanSchedule]) {
    self.old = old
    self.new = new
    verdict = PackagePlan.judge(old, new, known)
    isRegistered = known.contains { $0.digest == new.digest }
    self.schedules = schedules.map { $0.judged(by: new.descriptor) }
    changes = verdict == .unchanged ? [] : PackagePlan.changes(old, new, self.schedules)
  }

  /// True when no change is breaking.
  package var isCompatible: Bool { !changes.contains(where: \.isBreaking) }

  private static func judge(_ old: PlanSide?, _ new: PlanSide, _ known: [KnownVersion]) -> PlanVerdict {
    if known.contains(where: { $0.version == new.descriptor.version && $0.digest != new.digest }) { return .conflict }
    guard let old else { return .new }
    if old.digest == new.digest { return .unchanged }
    return isLower(new.descriptor.version, than: old.descriptor.version) ? .downgrade : .update
  }

  private static func isLower(_ version: String, than other: String) -> Bool {
    guard let version = try? SemanticVersion(parsing: version), let other = try? SemanticVersion(parsing: other) else {
      return false
    }
    return version.comparePrecedence(to: other) < 0
  }

  private static func changes(_ old: PlanSide?, _ new: PlanSide, _ schedules: [PlanSchedule]) -> [PlanChange] {
    let before = old?.descriptor.workflows ?? []
    let workflows = WorkflowComparison.changes(from: before, to: new.descriptor.workflows)
    let orphaned = schedules.filter { schedule in
      !schedule.isServed && before.contains { $0.name == schedule.workflow }
    }
    return (old.map { sideChanges($0, new) } ?? []) + workflows
      + orphaned.map {
        PlanChange(.scheduleOrphaned, workflow: $0.workflow, from: .string($0.id), isBreaking: true)
      }
  }
}
