import PackageHost
import WorkflowModel

/// What is loaded, loading and waited for: decides, and opens nothing.
struct HostPoolState {
  typealias Waiter = @Sendable (Result<any PackageHost, HostError>) -> Void

  private struct Entry {
    var host: (any PackageHost)?
    var waiters: [Waiter] = []
  }

  private var entries: [PackageDigest: Entry] = [:]
  private var holds = HostHolds()
  private var isClosed = false

  /// The loaded host; else the waiter is kept, and `mustLoad` says that nobody is loading it yet.
  mutating func find(
    _ digest: PackageDigest, _ waiter: @escaping Waiter
  ) -> (host: (any PackageHost)?, mustLoad: Bool) {
    guard let entry = entries[digest] else {
      entries[digest] = Entry(waiters: [waiter])
      return (nil, true)
    }
    if entry.host == nil { entries[digest]?.waiters.append(waiter) }
    return (entry.host, false)
  }

  /// Notes a ready host and returns who waited for it; nil when there is one already, or the pool is closed.
  mutating func adopt(_ host: any PackageHost, _ digest: PackageDigest) -> [Waiter]? {
    guard !isClosed, entries[digest]?.host == nil else { return nil }
    let waiters = entries[digest]?.waiters ?? []
    entries[digest] = Entry(host: host)
    return waiters
  }

  /// Forgets a load that failed, so that it is tried again, and returns who waited for it.
  mutating func takeWaiters(_ digest: PackageDigest) -> [Waiter] {
    guard let entry = entries[digest], entry.host == nil else { return [] }
    entries[digest] = nil
    return entry.waiters
  }

  var loaded: [(digest: PackageDigest, host: any PackageHost)] {
    entries.compactMap { digest, entry in entry.host.map { (digest, $0) } }
  }

  /// Counts one more who wants the host of `digest` kept.
  mutating func hold(_ digest: PackageDigest) { holds.hold(digest) }

  /// Counts one less; true when nobody wants it kept any more.
  mutating func release(_ digest: PackageDigest) -> Bool { holds.release(digest) }

  /// Forgets and returns the loaded hosts of digests that are neither in `needed` nor held.
  mutating func take(except needed: Set<PackageDigest>) -> [any PackageHost] { remove(unneeded(needed)) }

  /// Whether a host is loaded that is neither in `needed` nor held.
  func hasHost(except needed: Set<PackageDigest>) -> Bool { !unneeded(needed).isEmpty }

  /// Forgets and returns every loaded host.
  mutating func takeAll() -> [any PackageHost] { remove(loaded.map(\.digest)) }

  private func unneeded(_ needed: Set<PackageDigest>) -> [PackageDigest] {
    loaded.map(\.digest).filter { !needed.contains($0) && !holds.contains($0) }
  }

  private mutating func remove(_ digests: [PackageDigest]) -> [any PackageHost] {
    digests.compactMap { entries.removeValue(forKey: $0)?.host }
  }

  /// Marks the pool closed; true when it was already.
  mutating func close() -> Bool {
    defer { isClosed = true }
    return isClosed
  }

  /// Forgets every load that will not come to an end, and returns who waited for one.
  mutating func takeAllWaiters() -> [Waiter] {
    let waiters = entries.values.flatMap(\.waiters)
    entries = entries.filter { $0.value.host != nil }
    return waiters
  }
}
