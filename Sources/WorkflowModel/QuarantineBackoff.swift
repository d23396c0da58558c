/// How long a version whose probe or load failed is left alone.
package enum QuarantineBackoff {
  private static let first: Int64 = 30_000
  private static let longest: Int64 = 3_600_000

  /// Milliseconds after the failure of that number, counted from 1: half a minute, doubled each time, an hour at most.
  package static func delay(failures: Int) -> Int64 {
    // Seven doublings pass the hour; a shift by more could pass the number's width.
    min(longest, first << Int64(min(max(failures, 1) - 1, 7)))
  }
}
