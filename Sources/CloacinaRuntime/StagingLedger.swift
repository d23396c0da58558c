import WorkflowModel

/// Which package versions are in place on this node and when those that are not are tried again.
struct StagingLedger {
  struct Failure: Equatable {
    var attempts: Int
    var retryAt: Timestamp
    var reason: String
  }

  /// In place, and the store knows it.
  private(set) var staged: Set<PackageDigest> = []
  private(set) var failures: [PackageDigest: Failure] = [:]

  /// The next version to put in place: the first that is wanted, not in place, and not waiting after a failure.
  func next(of wanted: [PackageDigest], now: Timestamp) -> PackageDigest? {
    wanted.first { digest in
      !staged.contains(digest) && failures[digest].map { $0.retryAt <= now } ?? true
    }
  }

  mutating func succeeded(_ digest: PackageDigest) {
    staged.insert(digest)
    failures[digest] = nil
  }

  /// - Parameter isPassing: the machine or the database was to blame, not the package.
  mutating func failed(_ digest: PackageDigest, reason: String, isPassing: Bool, now: Timestamp) {
    let attempts = (failures[digest]?.attempts ?? 0) + 1
    let delay = StagingLedger.delay(after: attempts, isPassing: isPassing)
    failures[digest] = Failure(attempts: attempts, retryAt: now + delay, reason: reason)
  }

  /// Lets versions that have failed be tried again at once, because somebody waits for them now.
  mutating func retry(_ digests: [PackageDigest], now: Timestamp) {
    for digest in digests { failures[digest]?.retryAt = now }
  }

  /// Drops the failures of versions that nobody wants any more.
  mutating func keepFailures(of wanted: [PackageDigest]) {
    guard !failures.isEmpty else { return }
    let known = Set(wanted)
    failures = failures.filter { known.contains($0.key) }
  }

  /// Milliseconds from a failure to the next attempt: doubled from one second, to five seconds or a minute.
  static func delay(after attempts: Int, isPassing: Bool) -> Int64 {
    let cap: Int64 = isPassing ? 5000 : 60_000
    return min(cap, 1000 << Int64(min(max(0, attempts - 1), 10)))
  }
}
