/// When a version that was just activated is to be taken back: conditions, each judged over its own stretch of time.
///
/// `error_rate > 5% for 60s or p99 > 2s for 30s min 20 runs` holds as soon as one condition has held that long.
package struct RollbackRule: Sendable, Equatable {
  /// What is measured of the runs that ended.
  package enum Measure: String, Sendable, CaseIterable {
    /// Share of the runs that failed.
    case errorRate = "error_rate"
    /// Time from a run's creation to its end that half of the runs did not pass.
    case p50
    /// The same for 99 of 100 runs.
    case p99

    /// Whole percent of the runs that a latency counts; nil for a share.
    package var percentile: Int? {
      switch self {
      case .errorRate: nil
      case .p50: 50
      case .p99: 99
      }
    }
  }

  /// One measure that passes its limit for some time.
  package struct Condition: Sendable, Equatable {
    package var measure: Measure
    /// Millionths of the runs for a share, milliseconds for a latency; the condition holds above it.
    package var limit: Int64
    /// Milliseconds over which it is measured, and for which it has to hold.
    package var window: Int64

    package init(_ measure: Measure, above limit: Int64, for window: Int64) {
      self.measure = measure
      self.limit = limit
      self.window = window
    }
  }

  /// Ended runs below which nothing is concluded, when the rule does not say.
  package static let usualMinimum = 10

  /// At least one.
  package var conditions: [Condition]
  /// Ended runs within a condition's window below which nothing is concluded.
  package var minimumRuns = RollbackRule.usualMinimum

  package init(_ conditions: [Condition], minimumRuns: Int = RollbackRule.usualMinimum) {
    self.conditions = conditions
    self.minimumRuns = minimumRuns
  }

  /// The longest of the windows, in milliseconds.
  package var longestWindow: Int64 { conditions.map(\.window).max() ?? 0 }
}

extension RollbackRule: CustomStringConvertible {
  /// The rule as it is written, in its shortest form; reading it gives the same rule.
  package var description: String {
    let minimum = minimumRuns == RollbackRule.usualMinimum ? "" : " min \(minimumRuns) runs"
    return conditions.map(\.description).joined(separator: " or ") + minimum
  }
}

extension RollbackRule.Condition: CustomStringConvertible {
  package var description: String {
    "\(measure.rawValue) > \(measure.text(limit)) for \(RuleText.duration(window))"
  }
}

extension RollbackRule.Measure {
  /// A value of this measure with its unit, as rules write it.
  func text(_ value: Int64) -> String {
    self == .errorRate ? "\(RuleText.decimal(value, places: 4))%" : RuleText.duration(value)
  }
}

/// Numbers of rules as texts.
enum RuleText {
  /// `value` divided by ten to the power of `places`, without zeros at the end: `12.5`.
  static func decimal(_ value: Int64, places: Int) -> String {
    var digits = String(value)
    digits = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
    var fraction = digits.suffix(places)
    while fraction.last == "0" { fraction.removeLast() }
    return digits.dropLast(places) + (fraction.isEmpty ? "" : "." + fraction)
  }

  /// Milliseconds in the unit that needs no fraction: `90s`, `2m`, `1500ms`.
  static func duration(_ milliseconds: Int64) -> String {
    if milliseconds % 1000 != 0 || milliseconds == 0 { return "\(milliseconds)ms" }
    let seconds = milliseconds / 1000
    return seconds % 60 == 0 ? "\(seconds / 60)m" : "\(seconds)s"
  }
}
