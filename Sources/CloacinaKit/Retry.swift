/// When a failed attempt is followed by another, and after how long.
public struct Retry: Sendable {
  /// Kinds of failure.
  public struct Causes: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// The body threw.
    public static let errors = Causes(rawValue: 1)
    /// The attempt passed its time limit.
    public static let timeouts = Causes(rawValue: 2)
    /// The attempt ended its process.
    public static let crashes = Causes(rawValue: 4)
    public static let all: Causes = [.errors, .timeouts, .crashes]
  }

  let attempts: Int
  let backoff: Int32
  let base: Duration
  let cap: Duration?
  let multiplier: Double
  var jitterShare = 0.0
  var causes = Causes.all

  /// One attempt and no more.
  public static let never = Retry(attempts: 1, backoff: 0, base: .zero, cap: nil, multiplier: 2)

  /// `attempts` in all, each `delay` after the failure of the one before.
  public static func fixed(attempts: Int, delay: Duration) -> Retry {
    Retry(attempts: attempts, backoff: 0, base: delay, cap: nil, multiplier: 2)
  }

  /// `attempts` in all; the delay grows by `base` with each failure.
  public static func linear(attempts: Int, base: Duration, cap: Duration? = nil) -> Retry {
    Retry(attempts: attempts, backoff: 1, base: base, cap: cap, multiplier: 2)
  }

  /// `attempts` in all; the delay is multiplied with each failure.
  public static func exponential(
    attempts: Int, base: Duration = .seconds(1), multiplier: Double = 2, cap: Duration? = .seconds(60)
  ) -> Retry {
    Retry(attempts: attempts, backoff: 2, base: base, cap: cap, multiplier: multiplier)
  }

  /// The same, each delay drawn from delay × (1 ± share).
  public func jitter(_ share: Double) -> Retry {
    var copy = self
    copy.jitterShare = share
    return copy
  }

  /// The same, but only for failures of these kinds.
  public func only(on causes: Causes) -> Retry {
    var copy = self
    copy.causes = causes
    return copy
  }
}

/// The condition under which a task starts once all its dependencies have ended.
public indirect enum Rule: Sendable {
  case always
  case all([Rule])
  case any([Rule])
  case none([Rule])
  /// The dependency with this id succeeded / failed / was skipped.
  case succeeded(String)
  case failed(String)
  case skipped(String)
  /// The context's member `key` compares with `value`.
  case context(String, Comparison, JSON)

  public enum Comparison: Int32, Sendable {
    case equal, notEqual, less, greater, exists, contains
  }
}

/// How a body says more than «it went wrong».
public enum TaskFailure: Error, Sendable {
  /// The task failed for good, whatever attempts are left.
  case permanent(String)
  /// Another attempt may succeed.
  case retry(String)
}
