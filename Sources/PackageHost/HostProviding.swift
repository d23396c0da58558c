package import WorkflowModel

/// Where an executor gets the host of a package version from.
package protocol HostProviding: AnyObject, Sendable {
  /// The host of `digest` when it is loaded; else nil, and `whenReady` is told later, once, on another thread.
  func host(
    for digest: PackageDigest, whenReady: @escaping @Sendable (Result<any PackageHost, HostError>) -> Void
  ) -> (any PackageHost)?
}
