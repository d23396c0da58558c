import PackageHost
import PackageRegistry
import WorkflowModel
import WorkflowStore

/// What this process says of its hosts, in its own status and in its node's report.
extension RuntimeParts {
  /// The limits by which hosts are ended and replaced here, and what came of them.
  func care(_ configuration: RuntimeConfiguration) -> CareStatus {
    var care = CareStatus()
    (care.rules, care.endings) = (configuration.care, registry.pool.endings)
    return care
  }

  /// The libraries mapped into this process, for good.
  func images(_ configuration: RuntimeConfiguration) -> ImageUse {
    ImageTable.ofProcess.use(limit: configuration.host.imageLimit)
  }
}
