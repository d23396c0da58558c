import PackageArchive
import PackageHost
import Synchronization
import Telemetry
import Threading
package import WorkflowModel
import WorkflowStore

extension PackageRegistry {
  /// Brings the states of versions into line with facts and ends the hosts of versions that nobody needs: those that
  /// new runs do not take, that no rollback returns to, that no swap is to activate, and that no open run is pinned to.
  ///
  /// - Returns: whether a version drains, a swap has not ended, or a loaded host will have to go later: then there is
  ///   something to be looked at again soon.
  package func keepUp() throws(RegistryError) -> Bool {
    let engine = Origin(actor: "engine", node: origin.node)
    log(try write { store throws(StoreError) in try store.settleVersions(by: engine, now: Clock.now) })
    let (versions, wanted, openSwaps) = try inService()
    let draining = versions.filter { $0.state == .draining }
    let needed = wanted.union(draining.map(\.digest))
    if pool.hasHost(except: needed) { try retire(keeping: needed) }
    forgetProofs()
    return !draining.isEmpty || openSwaps > 0 || pool.hasHost(except: needed)
  }

  /// Deletes the unpacked files of versions that are registered no more: of those that this process knew, and of others
  /// once they are old, because a version is put in place before it is registered.
  package func deleteRemoved() {
    do throws(ArchiveError) {
      for (digest, time) in try content.packages() {
        let isRegistered: Bool
        do throws(StoreError) { isRegistered = try store.package(digest: digest) != nil } catch { return }
        if isRegistered {
          seen.withLock { _ = $0.insert(digest) }
        } else if seen.withLock({ $0.contains(digest) }) || Clock.now - time > PackageRegistry.arrivalTime {
          try content.remove(digest: digest)
          Log.write(.info, "a removed package was deleted here", [("digest", digest.short)])
        }
      }
    } catch { Log.write(.warning, "removed packages could not be deleted here", [("reason", error.message)]) }
  }

  /// Milliseconds within which a version that was put in place has long been registered.
  private static let arrivalTime: Timestamp = 3_600_000

  /// Forgets a version that was removed.
  package func forget(_ digest: PackageDigest) {
    plans.withLock { $0[digest] = nil }
    do throws(ArchiveError) { try content.remove(digest: digest) } catch {
      Log.write(.warning, "a removed package could not be deleted here", [("reason", error.message)])
    }
  }

  /// All versions of packages that have an active one, the digests whose hosts are needed, and how many swaps go on.
  private func inService() throws(RegistryError) -> ([PackageRecord], Set<PackageDigest>, Int) {
    try read { store throws(StoreError) in
      let activations = try store.activations(tenant: nil)
      var open = SwapFilter()
      open.isOpen = true
      let swaps = try store.swaps(open)
      var versions: [PackageRecord] = []
      for activation in activations {
        versions += try store.packages(tenant: activation.tenant, name: activation.package)
      }
      let digests = activations.flatMap { [$0.digest, $0.previous, $0.canary?.digest].compactMap { $0 } }
      return (versions, Set(digests + swaps.map(\.to)), swaps.count)
    }
  }

  /// Hosts that have calls, or runs of whose version are open, stay as well.
  private func retire(keeping needed: Set<PackageDigest>) throws(RegistryError) {
    let inFlight = try read { store throws(StoreError) in try store.counts(tenant: nil).inFlight }
    let busy = pool.hosts.filter { entry in
      let descriptor = entry.host.descriptor
      return entry.host.load.callsInFlight > 0
        || inFlight.contains { $0.package == descriptor.name && $0.version == descriptor.version }
    }
    pool.retire(keeping: needed.union(busy.map(\.digest)))
  }

  /// Who is loaded anew is tested anew.
  private func forgetProofs() {
    let loaded = Set(pool.hosts.map(\.digest))
    proven.withLock { $0.formIntersection(loaded) }
  }

  private func log(_ settlement: Settlement) {
    for change in settlement.versions {
      Log.write(
        .info, "the state of a version has changed",
        [
          ("package", change.package), ("version", change.version), ("from", change.from.rawValue),
          ("to", change.to.rawValue),
        ])
    }
  }
}
