package import PackageHost
import Synchronization
import Telemetry
package import Threading
package import WorkflowModel

/// Opens the host of a package version; blocks until it is ready or refused.
package typealias HostOpener = @Sendable (PackageDigest) throws(HostError) -> any PackageHost

/// What rings a pool's bell.
package enum CareNews: Sendable {
  /// A host was loaded or used, or is not wanted warm any more.
  case hosts
  /// Another version became active.
  case activations
}

/// The hosts that are loaded, one for each digest: loaded on first use, ended and replaced by whoever takes care of
/// them (``plan(_:now:need:)``, ``perform(_:)``).
///
/// A host is taken out of the pool before it is told to end, and a host that was told to end refuses calls; so whoever
/// holds one that refuses asks the pool again, and no call is lost.
package final class HostPool: HostProviding {
  private let state = Mutex(HostPoolState())
  private let open: HostOpener
  private let jobs = Mailbox<@Sendable () -> Void>()
  private let loaders: [NamedThread]
  /// Rings when there may be something to take care of earlier than was planned.
  package let bell = Mailbox<CareNews>()

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
    let (finding, mustTell) = state.withLock { $0.find(digest, whenReady) }
    if mustTell { bell.post(.hosts) }
    switch finding {
    case .host(let host): return host
    case .waits(let mustLoad): if mustLoad { jobs.post { [self] in load(digest) } }
    case .closed: whenReady(.failure(HostPool.closed))
    }
    return nil
  }

  package func cancel(_ callID: UInt64, of digest: PackageDigest) {
    let hosts = state.withLock { state in
      state.loaded.filter { $0.digest == digest }.map(\.host)
        + state.leavers.values.filter { $0.digest == digest }.map(\.host)
    }
    for host in hosts { host.cancel(callID) }
  }

  /// The host of `digest`; blocks while it is loaded.
  package func loaded(_ digest: PackageDigest) throws(HostError) -> any PackageHost {
    let answer = OneShot<Result<any PackageHost, HostError>>()
    if let host = host(for: digest, whenReady: { answer.deliver($0) }) { return host }
    guard let result = answer.wait() else { throw HostPool.closed }
    return try result.get()
  }

  /// Loads the host of `digest`, unless it is loaded, and keeps it for so many seconds even when nothing uses it;
  /// blocks while it is loaded.
  ///
  /// - Throws: ``HostError``; then nothing is kept.
  @discardableResult
  package func warm(_ digest: PackageDigest, seconds: Int64 = 300) throws(HostError) -> any PackageHost {
    state.withLock { $0.warm(digest, until: Clock.now + seconds * 1000) }
    do throws(HostError) { return try loaded(digest) } catch {
      cool(digest)
      throw error
    }
  }

  /// Keeps the host of `digest` for so many seconds, if it is loaded or will be; loads nothing.
  package func keepWarm(_ digest: PackageDigest, seconds: Int64) {
    state.withLock { $0.warm(digest, until: Clock.now + seconds * 1000) }
  }

  /// Lets the host of `digest` go the way of the others again; ends nothing by itself.
  package func cool(_ digest: PackageDigest) {
    state.withLock { $0.cool(digest) }
    bell.post(.hosts)
  }

  /// Takes over a host that is ready, for example the one that proved a version loads. When the pool has one
  /// for this digest already, the newcomer is ended.
  package func adopt(_ host: any PackageHost, _ digest: PackageDigest) {
    guard let waiters = state.withLock({ $0.adopt(host, digest) }) else { return host.retire {} }
    bell.post(.hosts)
    for waiter in waiters { waiter(.success(host)) }
  }

  /// Hosts that have not ended.
  package var residents: [ResidentHost] { state.withLock { $0.residents(now: Clock.now) } }

  /// Has the host of `digest`, once it is loaded, kept until ``release(_:)``, whatever version is active. It may be
  /// replaced by a fresh one.
  package func hold(_ digest: PackageDigest) { state.withLock { $0.hold(digest) } }

  /// Ends one ``hold(_:)``; after the last one the host goes the way of the others again.
  package func release(_ digest: PackageDigest) {
    if state.withLock({ $0.release(digest) }) { bell.post(.hosts) }
  }

  /// Hosts that were ended or replaced since the start, by reason.
  package var endings: [RunnerCare.Reason: Int] { state.withLock { $0.endings } }

  /// Ends every host; running calls have until `deadline` (monotonic nanoseconds). Idempotent.
  package func close(deadline: UInt64) {
    guard let (hosts, waiters) = state.withLock({ $0.close() }) else { return }
    bell.close()
    for waiter in waiters { waiter(.failure(HostPool.closed)) }
    for host in hosts { host.close(deadline: deadline) }
    jobs.close()
    for loader in loaders { loader.join() }
  }

  private static let closed = HostError(code: "CLO-P090", message: "the engine is being closed", isInfrastructure: true)

  private func load(_ digest: PackageDigest) {
    let result: Result<any PackageHost, HostError>
    do throws(HostError) { result = .success(try open(digest)) } catch { result = .failure(error) }
    guard case .success(let host) = result else {
      for waiter in state.withLock({ $0.takeWaiters(digest) }) { waiter(result) }
      return
    }
    adopt(host, digest)
  }

  // MARK: Care

  /// What is to be done with the hosts by `care`, and when to look again.
  ///
  /// - Parameter need: what a version is needed for.
  package func plan(_ care: RunnerCare, now: Timestamp, need: (PackageDigest) -> HostFacts.Need) -> RunnerCare.Plan {
    var facts = state.withLock { state in
      // Asked for first: whoever uses a host from here on either is seen below, or rings.
      state.tellsUse = true
      return state.facts(now: now, need: need)
    }
    if care.memoryLimit > 0 {
      for index in facts.indices {
        facts[index].0.residentBytes = facts[index].processID.flatMap(ProcessMemory.resident)
      }
    }
    let plan = care.plan(facts.map(\.0), now: now)
    if !plan.waitsForUse { state.withLock { $0.tellsUse = false } }
    return plan
  }

  /// Ends or replaces hosts. Calls that are running end where they are; not one is lost.
  package func perform(_ actions: [RunnerCare.Action]) {
    for action in actions {
      if action.reason.isReplacement {
        guard state.withLock({ $0.beginReplacing(action.digest) }) else { continue }
        jobs.post { [self] in replace(action) }
      } else if let leaver = state.withLock({ $0.end(action.digest, action.reason) }) {
        retire(leaver.host, leaver.id, action)
      }
    }
  }

  private func replace(_ action: RunnerCare.Action) {
    let fresh: any PackageHost
    do throws(HostError) { fresh = try open(action.digest) } catch {
      Log.write(
        .warning, "a fresh runner could not be started; the old one goes on",
        [("digest", action.digest.short), ("reason", "\(error)")])
      state.withLock { $0.failReplacing(action.digest, until: Clock.now + 60_000) }
      bell.post(.hosts)
      return
    }
    guard let old = state.withLock({ $0.replace(action.digest, by: fresh, action.reason) }) else {
      return fresh.close(deadline: Clock.monotonic)
    }
    retire(old.host, old.id, action)
    bell.post(.hosts)
  }

  private func retire(_ host: any PackageHost, _ id: UInt64, _ action: RunnerCare.Action) {
    let (name, version, load) = (host.descriptor.name, host.descriptor.version, host.load)
    Log.write(
      .info, action.reason.isReplacement ? "a runner is replaced by a fresh one" : "a host is ended",
      [
        ("package", name), ("version", version), ("reason", action.reason.rawValue),
        ("process", load.processID.map { String($0) } ?? "none"), ("calls", String(load.callsServed)),
      ])
    host.retire { [self] in state.withLock { $0.left(id) } }
  }
}
