package import WorkflowModel

/// Where an executor gets the host of a package version from.
package protocol HostProviding: AnyObject, Sendable {
  /// The host of `digest` when it is loaded; else nil, and `whenReady` is told later, once, on another thread.
  func host(
    for digest: PackageDigest, whenReady: @escaping @Sendable (Result<any PackageHost, HostError>) -> Void
  ) -> (any PackageHost)?
}

/// Process and counters of one host at one moment.
package struct HostLoad: Sendable, Equatable {
  package var isolation: Isolation
  /// Nil for a package in this process.
  package var processID: Int32?
  package var callsServed: Int
  package var callsInFlight: Int
  /// Processes that ended unexpectedly and were replaced.
  package var replacements: Int
  /// Threads of this process that a call never gave back; only in process.
  package var threadsAbandoned = 0

  package init(isolation: Isolation, processID: Int32?, callsServed: Int, callsInFlight: Int, replacements: Int) {
    self.isolation = isolation
    self.processID = processID
    self.callsServed = callsServed
    self.callsInFlight = callsInFlight
    self.replacements = replacements
  }
}
