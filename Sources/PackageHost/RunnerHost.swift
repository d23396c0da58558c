import CLinux
import CPackageImage
import Glibc
import Synchronization
import Threading
package import WorkflowModel

/// The default host: the package runs in a process of its own, which is replaced when it dies.
package final class RunnerHost: PackageHost {
  package let descriptor: PackageDescriptor
  private let link: RunnerLink

  private init(_ descriptor: PackageDescriptor, _ link: RunnerLink) {
    self.descriptor = descriptor
    self.link = link
  }

  /// Starts a runner with the library and waits for its hello. The bytes are copied and sealed.
  ///
  /// - Parameters:
  ///   - permissions: what the kernel lets the package's code do, from before it is mapped.
  ///   - sink: receives the host's events, on the reactor's thread; must not block.
  /// - Throws: ``HostError`` with the runner's reason when the package is refused.
  package static func open(
    library: [UInt8], digest: PackageDigest, permissions: PackagePermissions = .unrestricted,
    configuration: HostConfiguration, reactor: RunnerReactor, sink: @escaping HostEventSink
  ) throws(HostError) -> RunnerHost {
    let fd = library.withUnsafeBufferPointer {
      cloacina_sealed_memfd("cloacina-\(digest.short)", $0.baseAddress, $0.count)
    }
    guard fd >= 0 else {
      throw HostError(
        code: "CLO-P080", message: "no memory for the library: \(String(cString: strerror(errno)))",
        isInfrastructure: true)
    }
    let link = RunnerLink(
      library: fd, permissions: permissions, configuration: configuration, reactor: reactor, sink: sink)
    reactor.perform { table in link.start(table) }
    guard let result = link.opened.wait() else {
      throw HostError(code: "CLO-P082", message: "the runner said nothing")
    }
    return RunnerHost(try result.get(), link)
  }

  package var load: HostLoad {
    link.state.withLock { state in
      var load = HostLoad(
        isolation: .runner, processID: state.process?.processID, callsServed: state.served,
        callsInFlight: state.flights.count + state.queue.count, replacements: state.replacements)
      load.callsOfProcess = state.callsOfProcess
      (load.startedAt, load.lastUsedAt) = (state.startedAt, state.lastUsedAt)
      load.enforcesPermissions = link.permissions.isRestricted ? true : nil
      return load
    }
  }

  @discardableResult package func submit(_ calls: [TaskCall]) -> Bool { link.submit(calls) }

  package func retire(_ ended: @escaping @Sendable () -> Void) { link.retire(ended) }

  package func cancel(_ callID: UInt64) { link.cancel(callID) }

  package func close(deadline: UInt64) { link.close(deadline: deadline) }
}
