package import WorkflowModel

/// Something that can run the tasks of one package version: a runner process, or the library in this process.
package protocol PackageHost: AnyObject, Sendable {
  /// What the library said of itself when it was loaded.
  var descriptor: PackageDescriptor { get }
  /// Process and counters at this moment.
  var load: HostLoad { get }
  /// Takes over `calls` without blocking; each ends in exactly one ``HostEvent/finished``.
  ///
  /// - Returns: false, and none of them is taken, once the host is retired or closed.
  @discardableResult func submit(_ calls: [TaskCall]) -> Bool
  /// Raises the call's cancellation flag; the call is ended by force if it does not stop within the grace time.
  func cancel(_ callID: UInt64)
  /// Takes no more calls, lets all it has taken end, however long that takes, and then ends. Does not block.
  ///
  /// - Parameter ended: called once, on a thread of the host, when it has ended. To be called once.
  func retire(_ ended: @escaping @Sendable () -> Void)
  /// Lets running calls end, at most until `deadline` (monotonic nanoseconds), then ends the host. Idempotent.
  func close(deadline: UInt64)
}

/// What a host tells its owner, in batches, on a thread of the host. The receiver must not block.
package enum HostEvent: Sendable {
  /// The call is over; nothing more is said of it.
  case finished(TaskReport)
  /// The package wants its deadline moved to `extendMilliseconds` from now (already applied by the host).
  case heartbeat(callID: UInt64, extendMilliseconds: Int64)
  case log(callID: UInt64, level: Int, line: String)
  case progress(callID: UInt64, permille: Int, note: String)
  /// The host's process ended unexpectedly and has been, or is being, replaced.
  case replaced(reason: String)
}

/// Receives the events of one host.
package typealias HostEventSink = @Sendable ([HostEvent]) -> Void

/// How a package is isolated from the executor.
package enum Isolation: String, Sendable, CaseIterable {
  /// A process of its own: a crash, a hang or an exit cannot touch the executor.
  case runner
  /// Inside the executor, for packages trusted like the executor itself.
  case inProcess = "in-process"
}

/// Limits and paths shared by all hosts of an executor.
package struct HostConfiguration: Sendable {
  /// The `cloacina-runner` executable.
  package var runnerPath: String
  /// Calls at once in one host.
  package var slots = 64
  /// Bytes one task may emit.
  package var outputCap = 4 << 20
  /// Milliseconds between asking a call to stop and ending its process.
  package var graceMilliseconds: Int64 = 1000
  /// Milliseconds a runner may take from start to its hello.
  package var startMilliseconds: Int64 = 10_000
  /// Address space of a runner in bytes; 0: unlimited.
  package var addressSpaceLimit: UInt64 = 0
  /// Libraries this process may map, for none is ever unmapped.
  package var imageLimit = 64

  package init(runnerPath: String) { self.runnerPath = runnerPath }
}

/// Why a package could not be loaded.
package struct HostError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Stable code, `CLO-P0nn`.
  package var code: String
  package var message: String
  /// The machine or the store was to blame, not the package: the same load may succeed later.
  package var isInfrastructure: Bool

  package init(code: String, message: String, isInfrastructure: Bool = false) {
    self.code = code
    self.message = message
    self.isInfrastructure = isInfrastructure
  }

  package var description: String { "\(code): \(message)" }
}
