/// How runs of one version ended: how many well, how many not, and how long they took. Cancelled runs do not count.
package struct OutcomeCounts: Sendable, Equatable {
  package var succeeded = 0
  package var failed = 0
  /// Runs by how long they took, all that ended.
  package private(set) var latency = LatencyHistogram()

  package init() {}

  /// Runs that ended.
  package var ended: Int { succeeded + failed }

  /// Takes in one run that ended `latency` milliseconds after its creation.
  package mutating func add(failed hasFailed: Bool, latency milliseconds: Int64) {
    if hasFailed { failed += 1 } else { succeeded += 1 }
    latency.add(milliseconds)
  }

  /// Adds what somebody else has counted.
  package mutating func merge(_ other: OutcomeCounts) {
    succeeded += other.succeeded
    failed += other.failed
    latency.merge(other.latency)
  }

  /// What came since `earlier`, an older state of the same counts. Where that has more, nothing came.
  package func since(_ earlier: OutcomeCounts) -> OutcomeCounts {
    var difference = OutcomeCounts()
    difference.succeeded = max(0, succeeded - earlier.succeeded)
    difference.failed = max(0, failed - earlier.failed)
    difference.latency = latency.since(earlier.latency)
    return difference
  }
}

extension OutcomeCounts {
  /// `{"succeeded":7,"failed":1,"latency_ms":[[16,5],[20,3]]}`: pairs of a bucket's least milliseconds and its runs.
  package var json: JSONValue {
    .object([
      JSONMember("succeeded", .integer(succeeded)), JSONMember("failed", .integer(failed)),
      JSONMember(
        "latency_ms",
        .array(latency.entries.map { .array([.integer($0.milliseconds.lowerBound), .integer($0.count)]) })),
    ])
  }

  /// Reads what `json` wrote; nil for anything else.
  package init?(json: JSONValue) {
    guard let succeeded = json["succeeded"]?.integer, let failed = json["failed"]?.integer, succeeded >= 0,
      failed >= 0, let pairs = json["latency_ms"]?.elements
    else { return nil }
    (self.succeeded, self.failed) = (Int(succeeded), Int(failed))
    for pair in pairs {
      guard let numbers = pair.elements, numbers.count == 2, let milliseconds = numbers[0].integer,
        let count = numbers[1].integer, count > 0
      else { return nil }
      latency.add(milliseconds, count: Int(count))
    }
  }
}
