package import WorkflowModel

/// What is left of a swap once its version is active.
package protocol SwapConcluding: AnyObject, Sendable {
  /// Whether a run that is not over is pinned to the version. A look that takes no lock.
  func hasRunsInFlight(tenant: String, digest: PackageDigest) throws(StoreError) -> Bool
  /// Takes a swap past its step `settle`, in one transaction: the states of the package's versions are brought into
  /// line, and the swap ends when the version before has no run in flight, else it goes on to `drain`.
  ///
  /// A swap that has ended stays as it is. Throws `.notFound`, and `.invalid` for one that has activated nothing.
  func concludeSwap(_ swap: SwapRecord, by origin: Origin, now: Timestamp) throws(StoreError) -> SwapRecord
}
