/// When a failed attempt is followed by another, and after how long.
package struct RetryPolicy: Sendable, Equatable {
  /// How the delay grows with the number of failures so far.
  package enum Backoff: String, Sendable, CaseIterable {
    case fixed, linear, exponential
  }

  /// Kinds of failure that a policy may name.
  package struct Conditions: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }
    package static let error = Conditions(rawValue: 1)
    package static let timeout = Conditions(rawValue: 2)
    package static let crash = Conditions(rawValue: 4)
    package static let all: Conditions = [.error, .timeout, .crash]
  }

  /// Attempts in all, the first included; at least 1.
  package var maxAttempts = 1
  package var backoff = Backoff.exponential
  package var baseMilliseconds: Int64 = 1000
  /// Longest delay before jitter; 0: no cap.
  package var capMilliseconds: Int64 = 60_000
  /// Growth per failure in thousandths, for exponential.
  package var multiplierPermille = 2000
  /// A delay is drawn from delay × (1 ± jitter/1000).
  package var jitterPermille = 0
  package var retryOn = Conditions.all

  package init() {}

  /// One attempt and no more.
  package static let once = RetryPolicy()
}
