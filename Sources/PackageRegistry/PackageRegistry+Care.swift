import PackageHost
package import WorkflowModel
import WorkflowStore

extension PackageRegistry {
  /// Versions that are in service or about to be: their hosts are not ended for want of a purpose.
  package func neededDigests() throws(RegistryError) -> Set<PackageDigest> { try inService().needed }

  /// What the versions of the loaded hosts are needed for, when `active` are what new runs take; those that are missing
  /// are needed for nothing. Asks the store only for hosts that are not active.
  package func needs(active: Set<PackageDigest>) throws(RegistryError) -> [PackageDigest: HostFacts.Need] {
    let residents = pool.residents.filter { !$0.isRetired }
    var needs: [PackageDigest: HostFacts.Need] = [:]
    for digest in active { needs[digest] = .active }
    guard residents.contains(where: { !active.contains($0.digest) }) else { return needs }
    let pinned = try read { store throws(StoreError) in try store.pinnedVersions() }
    for digest in residents.map(\.digest) where !active.contains(digest) && pinned.contains(digest) {
      needs[digest] = .pinned
    }
    return needs
  }
}
