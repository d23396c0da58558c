import PackageHost
import Threading
import WorkflowModel
import WorkflowStore

extension NodeAgentLoop {
  /// Puts one wanted version in place and says so; the next follows in a turn of its own, so that reports go on.
  func stageNext() {
    isStaging = false
    let found = ask("the wanted packages cannot be read") { store throws(StoreError) in
      try store.wantedPackages(now: Clock.now)
    }
    guard let found else { return }
    if found != wantedPackages {
      wantedPackages = found
      staging.keepFailures(of: found)
      engine.packagesChanged()
    }
    forget(exceptFor: inService.union(found))
    // What somebody waits for goes first.
    guard let digest = staging.next(of: versions.targets.filter(found.contains) + found, now: Clock.now) else { return }
    let failure = put(digest)
    guard tell(digest, failure?.message) else { return }
    if let failure {
      staging.failed(digest, reason: failure.message, isPassing: failure.isInfrastructure, now: Clock.now)
    } else {
      staging.succeeded(digest)
      store.announce([.packages])
    }
    // The next turn also probes what a swap is to activate.
    isStaging = true
  }

  /// Forgets versions that nothing needs: there are ever more of them, and each claim names what is in place.
  private func forget(exceptFor needed: Set<PackageDigest>) {
    for digest in staging.keep(needed) where !tell(digest, nil) { staging.forget(digest) }
    versions.keep(needed.union(staging.staged))
  }

  /// Reports once more what is in place: while this node was silent others may have forgotten it.
  func reportStagedAgain() {
    for digest in staging.staged where !tell(digest, nil) { return }
  }

  private func put(_ digest: PackageDigest) -> HostError? {
    do throws(HostError) {
      try engine.stage(digest)
      return nil
    } catch { return error }
  }

  /// False when the store cannot be told now: then the version counts as not tried.
  func tell(_ digest: PackageDigest, _ failure: String?, epoch: Int64? = nil) -> Bool {
    var report = NodePackage(
      bootID: identity.bootID, node: identity.name, digest: digest, failure: failure, at: Clock.now)
    report.probedAt = versions.probedAt[digest]
    report.epoch = epoch ?? versions.epochs[digest] ?? 0
    let told: Void? = ask("a staged package cannot be reported") { store throws(StoreError) in
      try store.reportStaged(report)
    }
    return told != nil
  }
}
