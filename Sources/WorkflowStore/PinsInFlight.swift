package import WorkflowModel

/// Which versions cannot be done without because of runs.
package protocol PinsInFlight {
  /// Versions that runs which are not over are pinned to. Reads those runs alone, however many have ended: it is asked
  /// each second while a version is out of service.
  func pinnedVersions() throws(StoreError) -> Set<PackageDigest>
}
