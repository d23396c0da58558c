package import WorkflowModel

/// Where an executor gets the host of a package version from.
package protocol HostProviding: AnyObject, Sendable {
  /// The host of `digest` when it is loaded; else nil, and `whenReady` is told once, soon or later, on any thread.
  ///
  /// The host may be retired at any moment and then refuses calls: whoever asks again is given another.
  func host(
    for digest: PackageDigest, whenReady: @escaping @Sendable (Result<any PackageHost, HostError>) -> Void
  ) -> (any PackageHost)?
  /// Has a call cancelled in whichever host of `digest` has it, also in one that is retired; starts none.
  func cancel(_ callID: UInt64, of digest: PackageDigest)
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
  /// Calls served by the process of the moment.
  package var callsOfProcess = 0
  /// When the process of the moment was started, or the package was opened in this one.
  package var startedAt: Timestamp = 0
  /// When the last call ended; the start when there was none.
  package var lastUsedAt: Timestamp = 0

  /// Whether the package's permissions are enforced; nil for a package that may do everything.
  package var enforcesPermissions: Bool?

  package init(isolation: Isolation, processID: Int32?, callsServed: Int, callsInFlight: Int, replacements: Int) {
    self.isolation = isolation
    self.processID = processID
    self.callsServed = callsServed
    self.callsInFlight = callsInFlight
    self.replacements = replacements
  }
}
