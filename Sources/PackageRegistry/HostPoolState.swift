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

  /// Forgets and returns the loaded hosts of digests not in `needed`.
  mutating func take(except needed: Set<PackageDigest>) -> [any PackageHost] {
    let gone = entries.filter { !needed.contains($0.key) && $0.value.host != nil }
    for digest in gone.keys { entries[digest] = nil }
    return gone.values.compactMap(\.host)
  }

  /// Marks the pool closed; true when it was already.
  mutating func close() -> Bool {
    defer { isClosed = true }
    return isClosed
  }
}
