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
  /// In place and needed for nothing at present; those that have been so for longest come first.
  private(set) var idle: [PackageDigest] = []
  /// So many of them are remembered: a run that is started on one of them is claimed at once.
  static let idleLimit = 64

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

  /// Takes in which versions are needed, and forgets those that have been needed for nothing for longest.
  ///
  /// - Returns: versions that are needed again. They may have been removed and registered anew meanwhile: then the store
  ///   knows nothing of them.
  mutating func keep(_ needed: Set<PackageDigest>) -> [PackageDigest] {
    let returned = idle.filter(needed.contains)
    idle.removeAll(where: needed.contains)
    let known = Set(idle)
    idle += staged.filter { !needed.contains($0) && !known.contains($0) }.sorted { $0.hex < $1.hex }
    let surplus = idle.prefix(max(0, idle.count - StagingLedger.idleLimit))
    staged.subtract(surplus)
    idle.removeFirst(surplus.count)
    return returned
  }

  /// Counts a version as not in place, so that it is put there again when it is wanted.
  mutating func forget(_ digest: PackageDigest) {
    staged.remove(digest)
    idle.removeAll { $0 == digest }
  }

  /// Milliseconds from a failure to the next attempt: doubled from one second, to five seconds or a minute.
  static func delay(after attempts: Int, isPassing: Bool) -> Int64 {
    let cap: Int64 = isPassing ? 5000 : 60_000
    return min(cap, 1000 << Int64(min(max(0, attempts - 1), 10)))
  }
}
