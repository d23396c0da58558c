import PackageArchive
import PackageHost
import Synchronization
import Telemetry
import Threading
package import WorkflowModel
import WorkflowStore

/// What is in service on this node.
package struct ServiceView: Sendable {
  /// Versions that new runs take or that a roll back returns to, that a swap is to activate, and that drain.
  package var needed: Set<PackageDigest>
  /// A version drains or a swap has not ended: there is something to be looked at again soon.
  package var isUnfinished: Bool
  /// Versions that a swap is preparing.
  var arriving: [PackageDigest]
  /// Packages whose versions could not be brought into line, as sentences; they held up no other.
  package var troubles: [String] = []
}

extension PackageRegistry {
  /// Seconds for which the host of a version that was tested stays loaded without any call, again and again until its
  /// swap has activated it: its first task does not wait for it then.
  static let warmSeconds: Int64 = 10

  /// Brings the states of versions into line with facts, keeps the hosts of versions warm that swaps are preparing,
  /// and says what is in service then.
  package func keepUp() throws(RegistryError) -> ServiceView {
    let engine = Origin(actor: "engine", node: origin.node)
    let settlement = try write { store throws(StoreError) in try store.settleVersions(by: engine, now: Clock.now) }
    log(settlement)
    var service = try inService()
    service.troubles = settlement.failures.map(\.sentence)
    // Runs in flight were looked for before the states were changed, so there is another look after a change.
    if !service.troubles.isEmpty || !settlement.versions.isEmpty { service.isUnfinished = true }
    for digest in service.arriving { pool.keepWarm(digest, seconds: PackageRegistry.warmSeconds) }
    return service
  }

  /// Deletes the unpacked files of versions that are registered no more: of those that this process knew, and of others
  /// once they are old, because a version is put in place before it is registered.
  package func deleteRemoved() {
    // What is not found again here was deleted, and is news should it come back.
    let known = seen.withLock { $0 }
    var found: Set<PackageDigest> = []
    do throws(ArchiveError) {
      for (digest, time) in try content.packages() {
        let isRegistered: Bool
        do throws(StoreError) { isRegistered = try store.package(digest: digest) != nil } catch { return }
        if isRegistered {
          found.insert(digest)
        } else if known.contains(digest) || Clock.now - time > PackageRegistry.arrivalTime {
          try content.remove(digest: digest)
          Log.write(.info, "a removed package was deleted here", [("digest", digest.short)])
        }
      }
      seen.withLock { $0 = $0.subtracting(known).union(found) }
    } catch { Log.write(.warning, "removed packages could not be deleted here", [("reason", error.message)]) }
  }

  /// Milliseconds within which a version that was put in place has long been registered.
  private static let arrivalTime: Timestamp = 3_600_000

  /// Forgets a version that was removed.
  package func forget(_ digest: PackageDigest) {
    plans.withLock { $0.forget(digest) }
    do throws(ArchiveError) { try content.remove(digest: digest) } catch {
      Log.write(.warning, "a removed package could not be deleted here", [("reason", error.message)])
    }
  }

  /// What is in service, as the store has it now.
  func inService() throws(RegistryError) -> ServiceView {
    try read { store throws(StoreError) in
      let activations = try store.activations(tenant: nil)
      var open = SwapFilter()
      open.isOpen = true
      let swaps = try store.swaps(open)
      let draining = try store.drainingVersions(tenant: nil).map(\.digest)
      let digests = activations.flatMap { [$0.digest, $0.previous, $0.canary?.digest].compactMap { $0 } }
      return ServiceView(
        needed: Set(digests + swaps.map(\.to) + draining), isUnfinished: !draining.isEmpty || !swaps.isEmpty,
        arriving: swaps.filter { $0.step.isBeforeActivation }.map(\.to))
    }
  }

  /// Who is loaded anew is tested anew.
  package func forgetProofs() {
    let loaded = Set(pool.residents.filter { !$0.isRetired }.map(\.digest))
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
