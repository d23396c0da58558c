package import PackageHost
import Synchronization
import Telemetry
import Threading
package import WorkflowModel

/// Opens the host of a package version; blocks until it is ready or refused.
package typealias HostOpener = @Sendable (PackageDigest) throws(HostError) -> any PackageHost

/// The hosts that are loaded, one for each digest: loaded on first use, ended once their version is neither
/// active nor busy.
package final class HostPool: HostProviding {
  private let state = Mutex(HostPoolState())
  private let open: HostOpener
  private let jobs = Mailbox<@Sendable () -> Void>()
  private let loaders: [NamedThread]

  package init(open: @escaping HostOpener) {
    self.open = open
    let jobs = jobs
    loaders = (0..<2).map { index in
      NamedThread("loader-\(index)") { while let batch = jobs.take() { for job in batch { job() } } }
    }
  }

  package func host(
    for digest: PackageDigest, whenReady: @escaping @Sendable (Result<any PackageHost, HostError>) -> Void
  ) -> (any PackageHost)? {
    let (host, mustLoad) = state.withLock { $0.find(digest, whenReady) }
    if let host { return host }
    if mustLoad, !jobs.post({ [self] in load(digest) }) { refuseWaiters(digest) }
    return nil
  }

  /// The host of `digest`; blocks while it is loaded.
  package func loaded(_ digest: PackageDigest) throws(HostError) -> any PackageHost {
    let answer = OneShot<Result<any PackageHost, HostError>>()
    if let host = host(for: digest, whenReady: { answer.deliver($0) }) { return host }
    guard let result = answer.wait() else { throw HostPool.closed }
    return try result.get()
  }

  /// Takes over a host that is ready, for example the one that proved a version loads. When the pool has one
  /// for this digest already, the newcomer is ended.
  package func adopt(_ host: any PackageHost, _ digest: PackageDigest) {
    guard let waiters = state.withLock({ $0.adopt(host, digest) }) else {
      if !jobs.post({ host.close(deadline: Clock.monotonic) }) { host.close(deadline: Clock.monotonic) }
      return refuseWaiters(digest)
    }
    for waiter in waiters { waiter(.success(host)) }
  }

  /// Hosts that are loaded now.
  package var hosts: [(digest: PackageDigest, host: any PackageHost)] { state.withLock { $0.loaded } }

  /// Has the host of `digest`, once it is loaded, kept until ``release(_:)``, whatever version is active.
  package func hold(_ digest: PackageDigest) { state.withLock { $0.hold(digest) } }

  /// Ends one ``hold(_:)``; true when it was the last one.
  package func release(_ digest: PackageDigest) -> Bool { state.withLock { $0.release(digest) } }

  /// Whether a host is loaded that is neither in `needed` nor held.
  func hasHost(except needed: Set<PackageDigest>) -> Bool { state.withLock { $0.hasHost(except: needed) } }

  /// Ends the hosts of versions neither in `needed` nor held; calls still running have five seconds.
  package func retire(keeping needed: Set<PackageDigest>) {
    for host in state.withLock({ $0.take(except: needed) }) {
      jobs.post { host.close(deadline: Clock.monotonic + 5_000_000_000) }
    }
  }

  /// Ends every host; running calls have until `deadline` (monotonic nanoseconds). Idempotent.
  package func close(deadline: UInt64) {
    for host in state.withLock({ $0.takeAll() }) { host.close(deadline: deadline) }
    jobs.close()
    for loader in state.withLock({ $0.close() ? [] : loaders }) { loader.join() }
    for waiter in state.withLock({ $0.takeAllWaiters() }) { waiter(.failure(HostPool.closed)) }
  }

  /// Nobody waits for a load that a pool which is being closed does not do any more.
  private func refuseWaiters(_ digest: PackageDigest) {
    for waiter in state.withLock({ $0.takeWaiters(digest) }) { waiter(.failure(HostPool.closed)) }
  }

  private static let closed = HostError(
    code: "CLO-P090", message: "the engine is being closed", isInfrastructure: true)

  private func load(_ digest: PackageDigest) {
    let result: Result<any PackageHost, HostError>
    do throws(HostError) { result = .success(try open(digest)) } catch { result = .failure(error) }
    guard case .success(let host) = result else {
      for waiter in state.withLock({ $0.takeWaiters(digest) }) { waiter(result) }
      return
    }
    adopt(host, digest)
  }
}
