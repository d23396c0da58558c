import Synchronization
import Telemetry
import WorkflowModel

/// Says once of each version that it runs in process, where its permissions are not enforced.
final class UnenforcedPermissions: Sendable {
  private let told = Mutex<Set<PackageDigest>>([])

  func note(_ permissions: PackagePermissions, of package: PackageDescriptor, _ digest: PackageDigest) {
    guard permissions.isRestricted, told.withLock({ $0.insert(digest).inserted }) else { return }
    Log.write(
      .warning, "a package runs in process, where its permissions are not enforced",
      [("package", package.name), ("version", package.version), ("permissions", permissions.restrictions.json)])
  }
}
