import PackageHost
import WorkflowModel

/// What is loaded, loading, waited for and on its way out: decides, and opens nothing.
struct HostPoolState {
  typealias Waiter = @Sendable (Result<any PackageHost, HostError>) -> Void

  private struct Entry {
    var host: (any PackageHost)?
    var waiters: [Waiter] = []
    /// A fresh host is being started in its place.
    var isBeingReplaced = false
    var replaceableAt: Timestamp = 0
  }

  /// A host that takes no more calls and has not ended yet.
  struct Leaver {
    var digest: PackageDigest
    var host: any PackageHost
  }

  /// What `find` found.
  enum Finding {
    case host(any PackageHost)
    /// The waiter is kept; `mustLoad`: nobody is loading it yet.
    case waits(mustLoad: Bool)
    case closed
  }

  private var entries: [PackageDigest: Entry] = [:]
  private var holds = HostHolds()
  private(set) var leavers: [UInt64: Leaver] = [:]
  private var nextLeaver: UInt64 = 0
  private var warmth: [PackageDigest: Timestamp] = [:]
  /// Hosts that were ended or replaced, by reason.
  private(set) var endings: [RunnerCare.Reason: Int] = [:]
  /// The next use of a host is to be told to whoever takes care of them.
  var tellsUse = false
  private var isClosed = false

  // MARK: Loading

  /// The loaded host; else the waiter is kept. `mustTell`: whoever takes care of the hosts waits for this.
  mutating func find(_ digest: PackageDigest, _ waiter: @escaping Waiter) -> (finding: Finding, mustTell: Bool) {
    guard !isClosed else { return (.closed, false) }
    defer { tellsUse = false }
    guard let entry = entries[digest] else {
      entries[digest] = Entry(waiters: [waiter])
      return (.waits(mustLoad: true), tellsUse)
    }
    if let host = entry.host { return (.host(host), tellsUse) }
    entries[digest]?.waiters.append(waiter)
    return (.waits(mustLoad: false), tellsUse)
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

  // MARK: Care

  mutating func warm(_ digest: PackageDigest, until time: Timestamp) {
    warmth[digest] = max(warmth[digest] ?? 0, time)
  }

  mutating func cool(_ digest: PackageDigest) { warmth[digest] = nil }

  var loaded: [(digest: PackageDigest, host: any PackageHost)] {
    entries.compactMap { digest, entry in entry.host.map { (digest, $0) } }
  }

  /// Counts one more who wants the host of `digest` kept.
  mutating func hold(_ digest: PackageDigest) { holds.hold(digest) }

  /// Counts one less; true when nobody wants it kept any more.
  mutating func release(_ digest: PackageDigest) -> Bool { holds.release(digest) }

  /// Every host that has not ended; those that take no more calls last.
  func residents(now: Timestamp) -> [ResidentHost] {
    loaded.map { digest, host in
      ResidentHost(
        digest: digest, host: host, isRetired: false, warmUntil: warmth[digest].flatMap { $0 > now ? $0 : nil })
    }
      + leavers.sorted { $0.key < $1.key }.map { _, leaver in
        ResidentHost(digest: leaver.digest, host: leaver.host, isRetired: true, warmUntil: nil)
      }
  }

  /// What the rule of their care is told of the loaded hosts; forgets warmth that is over.
  mutating func facts(now: Timestamp, need: (PackageDigest) -> HostFacts.Need) -> [(HostFacts, processID: Int32?)] {
    warmth = warmth.filter { $0.value > now }
    return entries.compactMap { digest, entry in
      guard let load = entry.host?.load else { return nil }
      var facts = HostFacts(digest, need: need(digest), lastUsedAt: load.lastUsedAt)
      facts.hasProcess = load.isolation == .runner
      facts.callsInFlight = load.callsInFlight
      facts.callsServed = load.callsOfProcess
      facts.warmUntil = warmth[digest] ?? 0
      facts.isHeld = holds.contains(digest)
      facts.isBeingReplaced = entry.isBeingReplaced
      facts.replaceableAt = max(entry.replaceableAt, load.startedAt + RunnerCare.settling)
      return (facts, load.processID)
    }
  }

  /// Takes the host of `digest` out of service unless it was used meanwhile; its place among the leavers.
  mutating func end(_ digest: PackageDigest, _ reason: RunnerCare.Reason) -> (id: UInt64, host: any PackageHost)? {
    guard !isClosed, let entry = entries[digest], let host = entry.host, !entry.isBeingReplaced,
      warmth[digest] == nil, !holds.contains(digest), host.load.callsInFlight == 0
    else { return nil }
    entries[digest] = nil
    return (leave(digest, host, reason), host)
  }

  /// Notes that a fresh host is being started for `digest`; false when there is nothing to replace.
  mutating func beginReplacing(_ digest: PackageDigest) -> Bool {
    guard !isClosed, let entry = entries[digest], entry.host != nil, !entry.isBeingReplaced else { return false }
    entries[digest]?.isBeingReplaced = true
    return true
  }

  /// Puts the fresh host in place and the old one among the leavers; nil when the fresh one is not wanted any more.
  mutating func replace(
    _ digest: PackageDigest, by fresh: any PackageHost, _ reason: RunnerCare.Reason
  ) -> (id: UInt64, host: any PackageHost)? {
    guard !isClosed, let entry = entries[digest], entry.isBeingReplaced, let old = entry.host else { return nil }
    entries[digest] = Entry(host: fresh)
    return (leave(digest, old, reason), old)
  }

  /// The fresh host did not start: the old one goes on, and is not replaced before `time`.
  mutating func failReplacing(_ digest: PackageDigest, until time: Timestamp) {
    entries[digest]?.isBeingReplaced = false
    entries[digest]?.replaceableAt = time
  }

  mutating func left(_ id: UInt64) { leavers[id] = nil }

  private mutating func leave(_ digest: PackageDigest, _ host: any PackageHost, _ reason: RunnerCare.Reason) -> UInt64 {
    nextLeaver += 1
    leavers[nextLeaver] = Leaver(digest: digest, host: host)
    endings[reason, default: 0] += 1
    return nextLeaver
  }

  // MARK: Closing

  /// Marks the pool closed and returns every host that has not ended, and who waits for one; nil when it was closed.
  mutating func close() -> (hosts: [any PackageHost], waiters: [Waiter])? {
    guard !isClosed else { return nil }
    isClosed = true
    defer { (entries, leavers) = ([:], [:]) }
    return (entries.values.compactMap(\.host) + leavers.values.map(\.host), entries.values.flatMap(\.waiters))
  }
}
