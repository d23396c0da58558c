/// When the hosts of a node are ended or replaced by fresh ones: what an operator sets, and the rule that keeps to it.
///
/// Pure: it is told what there is and what time it is, and says what to do and when to look again. Nothing it asks for
/// may stop work: a limit is kept by ending what nobody uses, and is exceeded while everything is in use.
package struct RunnerCare: Sendable, Equatable {
  /// Milliseconds without a call after which a host is ended; 0: never.
  package var idleMilliseconds: Int64 = 600_000
  /// Calls after which a runner is replaced by a fresh one; 0: never.
  package var callLimit = 0
  /// Bytes of resident memory above which a runner is replaced by a fresh one; 0: never.
  package var memoryLimit: Int64 = 0
  /// Runners a node keeps; above it those that were not used for longest are ended.
  package var residentLimit = 64

  /// Milliseconds without a call before a host counts as out of use: longer than any way from its start to its first
  /// call, so that nobody's fresh host is taken from under its feet.
  package static let settling: Int64 = 1000
  /// Milliseconds between two looks while something is expected soon: the end of a call, more calls, more memory.
  package static let pause: Int64 = 1000
  /// Milliseconds between two questions whether the runs that need a host are over.
  package static let pinPause: Int64 = 2000

  /// No recycling, the usual idle time and the usual number of runners.
  package init() {}

  /// Why a host is ended or replaced.
  package enum Reason: String, Sendable, CaseIterable {
    /// No version that new runs take, none a roll back returns to, and no run is pinned to it.
    case unneeded
    case idle
    /// There were more runners than the node may keep.
    case evicted
    /// Replaced: it had served its calls.
    case calls
    /// Replaced: it had grown too large.
    case memory

    /// A fresh host takes its place.
    package var isReplacement: Bool { self == .calls || self == .memory }
  }

  /// Something to do with the host of one digest.
  package struct Action: Sendable, Equatable {
    package var digest: PackageDigest
    package var reason: Reason

    package init(_ digest: PackageDigest, _ reason: Reason) {
      self.digest = digest
      self.reason = reason
    }
  }

  /// What is to be done now, and when to look again; nil: not before a host is started or used.
  package struct Plan: Sendable, Equatable {
    package var actions: [Action] = []
    package var nextLook: Timestamp?
    /// Nothing is measured until a host is used, which is worth a look then.
    package var waitsForUse = false

    package init() {}
  }

  /// What is to be done with `hosts` at `now`.
  package func plan(_ hosts: [HostFacts], now: Timestamp) -> Plan {
    var plan = Plan()
    var stay: [HostFacts] = []
    for host in hosts {
      if let reason = ending(host, now) { plan.actions.append(Action(host.digest, reason)) } else { stay.append(host) }
    }
    let evicted = evictions(stay, now)
    plan.actions += evicted.map { Action($0, .evicted) }
    stay.removeAll { evicted.contains($0.digest) }
    let isFull = stay.count(where: \.hasProcess) > residentLimit
    for host in stay {
      if let reason = replacement(host, now) { plan.actions.append(Action(host.digest, reason)) }
      plan.nextLook = [plan.nextLook, nextLook(host, now)].compactMap { $0 }.min()
    }
    if isFull { plan.nextLook = min(plan.nextLook ?? .max, now + RunnerCare.pause) }
    plan.waitsForUse = measures && !stay.contains { nextMeasure($0, now) != nil }
    return plan
  }

  private func ending(_ host: HostFacts, _ now: Timestamp) -> Reason? {
    guard host.mayEnd(now) else { return nil }
    if host.need == .nothing { return .unneeded }
    return idleMilliseconds > 0 && now - host.lastUsedAt >= idleMilliseconds ? .idle : nil
  }

  /// The hosts above the limit that may end, those that were not used for longest first.
  private func evictions(_ hosts: [HostFacts], _ now: Timestamp) -> [PackageDigest] {
    let excess = hosts.count(where: \.hasProcess) - residentLimit
    guard excess > 0 else { return [] }
    let free = hosts.filter { $0.hasProcess && $0.mayEnd(now) }
    return free.sorted { ($0.lastUsedAt, $0.digest.hex) < ($1.lastUsedAt, $1.digest.hex) }.prefix(excess).map(\.digest)
  }

  private func replacement(_ host: HostFacts, _ now: Timestamp) -> Reason? {
    guard host.hasProcess, !host.isBeingReplaced, host.callsServed > 0, now >= host.replaceableAt else { return nil }
    if callLimit > 0, host.callsServed >= callLimit { return .calls }
    return memoryLimit > 0 && host.residentBytes ?? 0 > memoryLimit ? .memory : nil
  }

  /// When something may be due for a host that nobody touches meanwhile.
  private func nextLook(_ host: HostFacts, _ now: Timestamp) -> Timestamp? {
    if host.isBeingReplaced { return nil }
    // Whoever holds it tells when they let it go.
    var times = host.isHeld ? [] : endingTimes(host, now)
    if let time = nextMeasure(host, now) { times.append(time) }
    return times.min().map { max($0, now + 1) }
  }

  /// When it may be due to end.
  private func endingTimes(_ host: HostFacts, _ now: Timestamp) -> [Timestamp] {
    var times: [Timestamp] = []
    let quietFrom = max(host.callsInFlight > 0 ? now : host.lastUsedAt, host.warmUntil - idleMilliseconds)
    if idleMilliseconds > 0 { times.append(quietFrom + idleMilliseconds) }
    switch host.need {
    case .active: break
    // The run that needs it may end at any time, and nobody tells.
    case .pinned: times.append(now + RunnerCare.pinPause)
    case .nothing:
      times.append(host.callsInFlight > 0 ? now + RunnerCare.pause : max(host.settledAt, host.warmUntil))
    }
    return times
  }

  private var measures: Bool { callLimit > 0 || memoryLimit > 0 }

  /// When its calls or its memory may have come to a limit; nil while it does nothing.
  private func nextMeasure(_ host: HostFacts, _ now: Timestamp) -> Timestamp? {
    guard host.hasProcess, measures else { return nil }
    let isWorking = host.callsInFlight > 0 || now < host.settledAt + RunnerCare.pause
    if now < host.replaceableAt, isWorking || host.callsServed > 0 { return host.replaceableAt }
    return isWorking ? now + RunnerCare.pause : nil
  }
}

/// What is known of one resident host when its care is planned.
package struct HostFacts: Sendable, Equatable {
  /// What the host's version is needed for.
  package enum Need: Sendable, CaseIterable {
    case nothing
    /// Only runs that are not over hold it.
    case pinned
    /// New runs may take it, or a roll back returns to it.
    case active
  }

  package var digest: PackageDigest
  package var need: Need
  /// False for a package inside the executor, which has no memory and no calls of its own to be rid of.
  package var hasProcess = true
  package var callsInFlight = 0
  /// By the process of the moment.
  package var callsServed = 0
  /// Nil when it was not read.
  package var residentBytes: Int64?
  /// When its last call ended, or it was started.
  package var lastUsedAt: Timestamp
  /// Somebody wants it kept until then, used or not.
  package var warmUntil: Timestamp = 0
  /// Somebody wants it kept, used or not, until they let it go.
  package var isHeld = false
  /// A fresh host is being started in its place.
  package var isBeingReplaced = false
  /// It is not replaced before: it is young, or its replacement has just failed.
  package var replaceableAt: Timestamp = 0

  package init(_ digest: PackageDigest, need: Need, lastUsedAt: Timestamp) {
    self.digest = digest
    self.need = need
    self.lastUsedAt = lastUsedAt
  }

  /// When it is out of use, unless a call comes.
  var settledAt: Timestamp { lastUsedAt + RunnerCare.settling }

  /// Nobody uses it, wants it warm, holds it or replaces it.
  func mayEnd(_ now: Timestamp) -> Bool {
    callsInFlight == 0 && now >= settledAt && now >= warmUntil && !isHeld && !isBeingReplaced
  }
}
