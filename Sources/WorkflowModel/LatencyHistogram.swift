/// Counts of latencies in buckets that grow with the latency, so that each is known to a sixteenth.
///
/// Below 16 ms a bucket is one millisecond wide; above, each doubling is cut into 16 buckets of one width.
package struct LatencyHistogram: Sendable, Equatable {
  /// Buckets of one doubling.
  private static let parts: Int64 = 16
  /// Latencies above, a month, count as this.
  private static let longest: Int64 = 1 << 32

  /// Counts by bucket; its last element is not 0.
  private var counts: [Int] = []

  package init() {}

  package var count: Int { counts.reduce(0, +) }

  /// The buckets that hold something, shortest latency first.
  package var entries: [(milliseconds: ClosedRange<Int64>, count: Int)] {
    counts.indices.lazy.filter { counts[$0] > 0 }.map { (LatencyHistogram.bounds($0), counts[$0]) }
  }

  /// Takes in `count` latencies. A negative one, of a clock that went back, counts as 0.
  package mutating func add(_ milliseconds: Int64, count: Int = 1) {
    let bucket = LatencyHistogram.bucket(milliseconds)
    if bucket >= counts.count { counts += [Int](repeating: 0, count: bucket + 1 - counts.count) }
    counts[bucket] += count
  }

  package mutating func merge(_ other: LatencyHistogram) {
    if other.counts.count > counts.count {
      counts += [Int](repeating: 0, count: other.counts.count - counts.count)
    }
    for (bucket, count) in other.counts.enumerated() { counts[bucket] += count }
  }

  /// What came since `earlier`, an older state of the same histogram. Where that has more, nothing came.
  package func since(_ earlier: LatencyHistogram) -> LatencyHistogram {
    var difference = self
    for (bucket, count) in earlier.counts.prefix(counts.count).enumerated() {
      difference.counts[bucket] = max(0, counts[bucket] - count)
    }
    while difference.counts.last == 0 { difference.counts.removeLast() }
    return difference
  }

  /// Milliseconds between which the latency lies that `percent` of the latencies, rounded up, do not pass; nil without
  /// any. The upper bound is less than a sixteenth above the lower one.
  package func quantile(percent: Int) -> ClosedRange<Int64>? {
    let rank = max(1, (count * percent + 99) / 100)
    var seen = 0
    for (bucket, count) in counts.enumerated() {
      seen += count
      if seen >= rank { return LatencyHistogram.bounds(bucket) }
    }
    return nil
  }

  /// The bucket of a latency.
  static func bucket(_ milliseconds: Int64) -> Int {
    let value = min(max(0, milliseconds), longest)
    guard value >= parts else { return Int(value) }
    let doubling = Int64(63 - value.leadingZeroBitCount) - 4
    return Int((doubling + 1) * parts + (value >> doubling) - parts)
  }

  /// The latencies of a bucket, in milliseconds.
  static func bounds(_ bucket: Int) -> ClosedRange<Int64> {
    let bucket = Int64(bucket)
    guard bucket >= parts else { return bucket...bucket }
    let doubling = bucket / parts - 1
    let lower = (parts + bucket % parts) << doubling
    return lower...(lower + (1 << doubling) - 1)
  }
}
