extension RetryPolicy {
  /// Milliseconds to wait after the given number of charged failures, from 0 to ``RunLimits/milliseconds``.
  ///
  /// - Parameters:
  ///   - afterFailures: 1 after the first failed attempt.
  ///   - random: a number in 0..<1, drawn only for a policy with jitter.
  package func delay(afterFailures failures: Int, random: () -> Double) -> Int64 {
    let ceiling = capMilliseconds > 0 ? min(capMilliseconds, RunLimits.milliseconds) : RunLimits.milliseconds
    let delay = max(0, min(grown(max(failures, 1), ceiling: ceiling), ceiling))
    guard jitterPermille > 0, delay > 0 else { return delay }
    let spread = Double(delay) * Double(min(jitterPermille, 1000)) / 1000
    let drawn = Double(delay) - spread + random() * 2 * spread
    return max(0, min(Int64(drawn.rounded()), RunLimits.milliseconds))
  }

  /// True when a failure of this class, the `attempt`th charged one, is followed by another attempt.
  package func repeats(after failure: ErrorClass, attempt: Int) -> Bool {
    guard attempt < maxAttempts else { return false }
    switch failure {
    case .error: return retryOn.contains(.error)
    case .timeout: return retryOn.contains(.timeout)
    case .crash, .exit, .misuse: return retryOn.contains(.crash)
    case .permanent, .output, .infrastructure, .conflict, .upstream, .load: return false
    }
  }

  private func grown(_ failures: Int, ceiling: Int64) -> Int64 {
    switch backoff {
    case .fixed: return baseMilliseconds
    case .linear:
      let (delay, overflow) = baseMilliseconds.multipliedReportingOverflow(by: Int64(failures))
      return overflow ? .max : delay
    case .exponential:
      var delay = baseMilliseconds
      for _ in 1..<failures {
        guard delay < ceiling else { break }
        let (product, overflow) = delay.multipliedReportingOverflow(by: Int64(multiplierPermille))
        let next = overflow ? Int64.max : product / 1000
        if next == delay { break }
        delay = next
      }
      return delay
    }
  }
}
