import PackageArchive
import PackageHost
import PackageRegistry
import WorkflowModel
import WorkflowStore

extension RuntimeError {
  init(_ error: StoreError) {
    let kind: Kind =
      switch error.code {
      case .unavailable, .full, .corrupt, .failed: .unavailable
      case .locked, .packageConflict, .schemaNewer, .schemaChanged: .refused
      case .versionState, .downgrade, .versionInUse, .swapRunning, .swapOver, .activationMoved: .refused
      case .quarantined: .rejectedPackage
      case .notFound: .notFound
      case .invalid: .invalid
      }
    let fix: String? =
      switch error.code {
      case .downgrade: "repeat with --allow-downgrade, or return to the version before with package rollback"
      case .quarantined: "cloacina-ctl package quarantine list"
      default: nil
      }
    self.init(kind, code: error.code.rawValue, error.message, fix: fix)
  }

  /// A package that could not be loaded because of the machine or the database is not rejected by that, and neither is
  /// one for whose library this process has no room.
  init(_ error: HostError) {
    let kind: Kind =
      error.code == ImageTable.fullCode ? .refused : error.isInfrastructure ? .unavailable : .rejectedPackage
    self.init(kind, code: error.code, error.message, fix: HostFixes.fix(error.code))
  }

  init(_ error: ArchiveError) {
    self.init(.rejectedPackage, code: error.code, error.message, fix: error.fix)
  }

  init(_ error: RegistryError) {
    switch error {
    case .archive(let cause): self.init(cause)
    case .host(let cause): self.init(cause)
    case .graph(let workflow, let cause):
      self.init(
        .rejectedPackage, code: cause.code, "workflow '\(workflow)': \(cause.message)",
        fix: "correct the workflow's tasks and build the package again")
    case .store(let cause): self.init(cause)
    case .quarantined(let record):
      self.init(
        .rejectedPackage, code: "CLO-P110",
        """
        \(record.name) \(record.version) (\(record.digest.short)) is in quarantine until \
        \(TimestampFormat.rfc3339(record.until)) and was not tried; the last of \(record.failures) failure(s) was \
        \(record.code): \(record.reason)
        """, fix: "cloacina-ctl package quarantine clear \(record.name)@\(record.version)")
    case .notFound(let message):
      self.init(.notFound, code: "CLO-R003", message, fix: "cloacina-ctl package list")
    }
  }
}
