/// What tasks share a limit: one tenant's concurrency key.
package struct PermitLineKey: Hashable, Sendable {
  package var tenant: String
  package var key: String

  package init(tenant: String, key: String) {
    self.tenant = tenant
    self.key = key
  }
}

/// Tasks of one node that wait for permits, first come, first served, and when the node is to ask for them.
///
/// The store counts holders over all nodes; this only keeps from asking in vain. A task is asked for when it is the
/// first in line and fewer are held here than its limit. After a refusal the line waits 25 ms, doubled up to 500 ms,
/// unless a permit is given back here or someone calls ``retryAll()``. Times are monotonic nanoseconds.
package struct PermitLines<Waiter: Sendable & Equatable>: Sendable {
  /// A waiter that is asked for, out of its line until the answer is there.
  package struct Request: Sendable, Equatable {
    package var key: PermitLineKey
    package var waiter: Waiter
    package var limit: Int
    /// Permits given back here before it was asked for.
    fileprivate var releases: Int
  }

  private struct Line {
    var waiting: [(waiter: Waiter, limit: Int)] = []
    /// Permits asked for and not yet answered.
    var asked = 0
    /// Permits of tasks of this node that have not ended.
    var held = 0
    var releases = 0
    /// The last pause; 0 when the last answer was a permit.
    var pause: UInt64 = 0
    /// No asking before this time.
    var askAt: UInt64 = 0

    var isIdle: Bool { waiting.isEmpty && asked == 0 && held == 0 }

    /// Those at the head of the line who, as far as this node knows, could be granted together.
    var eligible: Int {
      var count = 0
      while count < waiting.count, held + asked + count < waiting[count].limit { count += 1 }
      return count
    }
  }

  package static var leastPause: UInt64 { 25_000_000 }
  package static var longestPause: UInt64 { 500_000_000 }

  private var lines: [PermitLineKey: Line] = [:]

  package init() {}

  /// True when nobody waits and nobody holds a permit.
  package var isEmpty: Bool { lines.isEmpty }

  /// Waiters in line, those that are asked for included.
  package var waitingCount: Int { lines.values.reduce(0) { $0 + $1.waiting.count + $1.asked } }

  /// When there is next somebody to ask for; nil while that depends on something else than time.
  package var nextAsk: UInt64? { lines.values.lazy.filter { $0.eligible > 0 }.map(\.askAt).min() }

  package mutating func enqueue(_ waiter: Waiter, key: PermitLineKey, limit: Int) {
    lines[key, default: Line()].waiting.append((waiter, limit))
  }

  /// Takes a waiter out of its line; nothing happens when it is asked for already.
  package mutating func remove(_ waiter: Waiter, key: PermitLineKey) {
    lines[key]?.waiting.removeAll { $0.waiter == waiter }
    dropIfIdle(key)
  }

  /// Takes out of the lines those to ask for now. Each is to be answered for, or forgotten.
  package mutating func due(_ now: UInt64) -> [Request] {
    var requests: [Request] = []
    for (key, line) in lines where line.askAt <= now {
      let count = line.eligible
      guard count > 0 else { continue }
      for entry in line.waiting.prefix(count) {
        requests.append(Request(key: key, waiter: entry.waiter, limit: entry.limit, releases: line.releases))
      }
      lines[key]?.waiting.removeFirst(count)
      lines[key]?.asked += count
    }
    return requests
  }

  /// Takes in the answers to requests of one ``due(_:)``, in its order; who was refused is first in line again.
  package mutating func settle(_ answers: [(request: Request, granted: Bool)], now: UInt64) {
    for (request, granted) in answers.reversed() {
      lines[request.key]?.asked -= 1
      if granted { grant(request.key) } else { refuse(request, now) }
    }
  }

  private mutating func grant(_ key: PermitLineKey) {
    lines[key]?.held += 1
    lines[key]?.pause = 0
  }

  private mutating func refuse(_ request: Request, _ now: UInt64) {
    guard var line = lines[request.key] else { return }
    line.waiting.insert((request.waiter, request.limit), at: 0)
    // What was given back here in the meantime may be had at once.
    if line.releases == request.releases, line.askAt <= now {
      line.pause = min(max(line.pause * 2, Self.leastPause), Self.longestPause)
      line.askAt = now + line.pause
    }
    lines[request.key] = line
  }

  /// There will be no answer, or nobody wants it any more.
  package mutating func forget(_ request: Request) {
    lines[request.key]?.asked -= 1
    dropIfIdle(request.key)
  }

  /// A permit that was granted here is given back.
  package mutating func release(_ key: PermitLineKey) {
    lines[key]?.held -= 1
    lines[key]?.releases += 1
    lines[key]?.askAt = 0
    dropIfIdle(key)
  }

  /// Ends all pauses: the next refusal makes them longer still.
  package mutating func retryAll() {
    for key in lines.keys { lines[key]?.askAt = 0 }
  }

  private mutating func dropIfIdle(_ key: PermitLineKey) {
    if lines[key]?.isIdle == true { lines[key] = nil }
  }
}
