import WorkflowModel

/// Amounts as people read them.
package enum Quantity {
  /// `58 ms`, `4.1 s`, `2 m 3 s`, `1 h 2 m`, `3 d 4 h`
  package static func duration(milliseconds: Int64) -> String { TimeSpan.words(milliseconds) }

  /// `812 B`, `3.9 KiB`, `12.0 MiB`
  package static func bytes(_ count: Int64) -> String {
    switch count {
    case ..<1024: return "\(count) B"
    case ..<(1 << 20): return "\(tenths(count, 1024)) KiB"
    default: return "\(tenths(count, 1 << 20)) MiB"
    }
  }

  /// `3 tasks`, `1 task`
  package static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

  /// One digit after the point, rounded down.
  private static func tenths(_ value: Int64, _ unit: Int64) -> String {
    "\(value / unit).\(value % unit * 10 / unit)"
  }
}
