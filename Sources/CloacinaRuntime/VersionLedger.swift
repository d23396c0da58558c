import WorkflowModel
import WorkflowStore

/// How far a node is with activations and swaps, and what it has to do about them: a value that does nothing.
struct VersionLedger {
  /// Versions that running swaps are to activate, the newest swap first.
  private(set) var targets: [PackageDigest] = []
  /// When this node last probed a version well.
  private(set) var probedAt: [PackageDigest: Timestamp] = [:]
  /// For each version the highest epoch that this node has acted upon.
  private(set) var epochs: [PackageDigest: Int64] = [:]
  /// Swaps for which a probe was begun.
  private var probedFor: Set<String> = []
  private var openSwaps: [SwapRecord] = []

  /// Takes in the swaps that have not ended, newest first.
  ///
  /// - Returns: true when one of them is new.
  mutating func saw(_ swaps: [SwapRecord]) -> Bool {
    let known = Set(openSwaps.map(\.id))
    openSwaps = swaps
    targets = swaps.filter(\.step.isBeforeActivation).map(\.to)
    probedFor.formIntersection(swaps.map(\.id))
    return swaps.contains { !known.contains($0.id) }
  }

  /// The swaps whose version is to be probed now: those that are not active yet and whose version can be loaded. Each
  /// is returned once, and asked about no more then.
  mutating func probesToBegin(isLoadable: (PackageDigest) -> Bool) -> [SwapRecord] {
    let ready = openSwaps.filter { swap in
      swap.step.isBeforeActivation && !probedFor.contains(swap.id) && isLoadable(swap.to)
    }
    probedFor.formUnion(ready.map(\.id))
    return ready
  }

  /// - Parameter since: when the swap began that it was probed for; its clock may be ahead of the node's.
  mutating func probed(_ digest: PackageDigest, since: Timestamp, now: Timestamp) {
    probedAt[digest] = max(since, now)
  }

  /// The activations that the node has to act upon: those of a higher epoch than it knows whose version is in place.
  func newActivations(_ activations: [Activation], isStaged: (PackageDigest) -> Bool) -> [Activation] {
    activations.filter { $0.epoch > epochs[$0.digest] ?? 0 && isStaged($0.digest) }
  }

  /// Forgets what was done about versions that are not `needed` any more.
  mutating func keep(_ needed: Set<PackageDigest>) {
    guard probedAt.count + epochs.count > needed.count else { return }
    probedAt = probedAt.filter { needed.contains($0.key) }
    epochs = epochs.filter { needed.contains($0.key) }
  }

  mutating func actedUpon(_ activation: Activation) { epochs[activation.digest] = activation.epoch }
}
