import PackageHost
import Threading
import WorkflowModel
import WorkflowStore

extension NodeAgentLoop {
  /// Acts upon activations that are new to this node, and has the versions probed that swaps are about to activate.
  func lookAtVersions() {
    var open = SwapFilter()
    open.isOpen = true
    let found = ask("activations and swaps cannot be read") { store throws(StoreError) in
      (try store.activations(tenant: nil), try store.swaps(open))
    }
    guard let (activations, swaps) = found else { return }
    inService = Set(
      activations.flatMap { [$0.digest, $0.previous, $0.canary?.digest].compactMap { $0 } } + swaps.map(\.to))
    if !isShared { versions.keep(inService) }
    let isStaged = { [staging, isShared] (digest: PackageDigest) in !isShared || staging.staged.contains(digest) }
    let fresh = versions.newActivations(activations, isStaged: isStaged)
    for activation in fresh where tell(activation.digest, nil, epoch: activation.epoch) {
      versions.actedUpon(activation)
    }
    // A database of our own is swapped by this process itself, which tells of its probes.
    let isSwapNew = versions.saw(isShared ? swaps : [])
    // What failed an hour ago is not to speak for this swap.
    if isSwapNew { staging.retry(versions.targets, now: Clock.now) }
    if isSwapNew || !fresh.isEmpty { engine.packagesChanged() }
    // A version that was removed may be in place still before it is registered again: its news come then.
    for swap in versions.probesToBegin(isLoadable: { isStaged($0) && isRegistered($0) }) {
      // Nor is what an earlier probe said.
      _ = tell(swap.to, nil)
      engine.probe(swap.to) { [tellProbed] failure in tellProbed(swap.to, swap.startedAt, failure) }
    }
  }

  private func isRegistered(_ digest: PackageDigest) -> Bool {
    let isKnown = ask("a version cannot be looked up") { store throws(StoreError) in
      try store.package(digest: digest) != nil
    }
    return isKnown ?? false
  }

  /// Reports how a probe went.
  func probed(_ digest: PackageDigest, since: Timestamp, _ failure: HostError?) {
    guard !isStopping else { return }
    if failure == nil { versions.probed(digest, since: since, now: Clock.now) }
    _ = tell(digest, failure.map { "its probe failed: \($0.message)" })
  }
}
