import PackageHost
import PackageRegistry
import WorkflowModel
import WorkflowStore

/// What stands in the way of an archive, or is to be known of it, besides what its plan says; decided from records
/// alone.
struct PlanObstacles {
  let new: PlanSide
  /// Registered versions of the package.
  let versions: [PackageRecord]
  /// Of the tenant.
  let quarantines: [QuarantineRecord]
  let now: Timestamp

  /// What registering and activating the archive would end with; nil: it would be tried.
  var refusal: RuntimeError? {
    if let taken = versions.first(where: { $0.version == new.descriptor.version && $0.digest != new.digest }) {
      return RuntimeError(
        .refused, code: StoreError.Code.packageConflict.rawValue,
        """
        \(taken.name) \(taken.version) is registered with digest \(taken.digest.short), this archive has \
        \(new.digest.short): give changed code a new version
        """)
    }
    if let record = quarantine, record.until > now { return RuntimeError(RegistryError.quarantined(record)) }
    return versions.first { $0.digest == new.digest && $0.state == .yanked }.map(RuntimeError.yanked)
  }

  /// Sentences on what refuses nothing: permissions that nobody would enforce, a quarantine whose time is over, and
  /// those of other bytes of the version.
  var notes: [String] {
    var notes: [String] = []
    if new.isolation == Isolation.inProcess.rawValue, new.permissions.isRestricted {
      notes.append("the package restricts itself, which is not enforced in process")
    }
    if let quarantine, quarantine.until <= now {
      notes.append("\(PlanObstacles.words(quarantine)); its time in quarantine is over, so it would be tried again")
    }
    let others = quarantines.filter {
      $0.name == new.descriptor.name && $0.version == new.descriptor.version && $0.digest != new.digest
    }
    for other in others { notes.append("other bytes of this version are in quarantine: \(PlanObstacles.words(other))") }
    return notes
  }

  private var quarantine: QuarantineRecord? { quarantines.first { $0.digest == new.digest } }

  private static func words(_ record: QuarantineRecord) -> String {
    let tries = record.failures == 1 ? "one try" : "\(record.failures) tries"
    return "\(record.name) \(record.version) (\(record.digest.short)) failed in \(tries), the last one with "
      + "\(record.code): \(record.reason)"
  }
}

extension RuntimeError {
  /// A version that new runs may not take.
  static func yanked(_ record: PackageRecord) -> RuntimeError {
    let reason = record.stateReason.map { " (\($0))" } ?? ""
    return RuntimeError(
      .refused, code: StoreError.Code.versionState.rawValue,
      "\(record.name) \(record.version) is yanked\(reason): no new run may take it",
      fix: "cloacina-ctl package yank \(record.name)@\(record.version) --undo")
  }
}
