import Testing

@testable import WorkflowModel

@Suite struct RetryTests {
  private static func policy(
    _ backoff: RetryPolicy.Backoff, base: Int64, cap: Int64 = 0, multiplier: Int = 2000, jitter: Int = 0
  ) -> RetryPolicy {
    var policy = RetryPolicy()
    policy.maxAttempts = 5
    policy.backoff = backoff
    policy.baseMilliseconds = base
    policy.capMilliseconds = cap
    policy.multiplierPermille = multiplier
    policy.jitterPermille = jitter
    return policy
  }

  @Test(arguments: [
    (policy(.fixed, base: 100), [100, 100, 100, 100]),
    (policy(.fixed, base: 100, cap: 70), [70, 70, 70, 70]),
    (policy(.linear, base: 100), [100, 200, 300, 400]),
    (policy(.linear, base: 100, cap: 250), [100, 200, 250, 250]),
    (policy(.exponential, base: 100), [100, 200, 400, 800]),
    (policy(.exponential, base: 100, cap: 500), [100, 200, 400, 500]),
    (policy(.exponential, base: 100, multiplier: 1500), [100, 150, 225, 337]),
    (policy(.exponential, base: 100, multiplier: 1000), [100, 100, 100, 100]),
    (policy(.exponential, base: 100, multiplier: 500), [100, 50, 25, 12]),
    (policy(.exponential, base: 0), [0, 0, 0, 0]),
  ])
  func grows(_ policy: RetryPolicy, _ delays: [Int64]) {
    for (index, delay) in delays.enumerated() {
      let found = policy.delay(afterFailures: index + 1) {
        Issue.record("no jitter, no random number")
        return 0
      }
      #expect(found == delay)
    }
  }

  @Test func saturates() {
    let longest = RunLimits.milliseconds
    #expect(Self.policy(.exponential, base: 1000).delay(afterFailures: 9999) { 0 } == longest)
    #expect(Self.policy(.exponential, base: .max).delay(afterFailures: 3) { 0 } == longest)
    #expect(Self.policy(.linear, base: .max).delay(afterFailures: .max) { 0 } == longest)
    #expect(Self.policy(.exponential, base: 1000, cap: 60_000).delay(afterFailures: .max) { 0 } == 60_000)
    #expect(Self.policy(.fixed, base: -5).delay(afterFailures: 0) { 0 } == 0)
    #expect(Self.policy(.fixed, base: longest, jitter: 1000).delay(afterFailures: 1) { 0.9999 } == longest)
  }

  @Test func keepsJitterInBounds() {
    let policy = Self.policy(.exponential, base: 1000, cap: 1500, jitter: 200)
    #expect(policy.delay(afterFailures: 1) { 0 } == 800)
    #expect(policy.delay(afterFailures: 1) { 0.5 } == 1000)
    // The cap holds before jitter: 1500 ± 300.
    #expect(policy.delay(afterFailures: 9) { 0 } == 1200)
    #expect(policy.delay(afterFailures: 9) { 0.999_999 } == 1800)
    var random = SeededRandom(seed: 5)
    for _ in 0..<1000 {
      let delay = policy.delay(afterFailures: 1) { Double.random(in: 0..<1, using: &random) }
      #expect((800...1200).contains(delay))
    }
  }

  @Test func repeatsWhatThePolicyNames() {
    var policy = Self.policy(.fixed, base: 1)
    let classes: [(ErrorClass, RetryPolicy.Conditions)] = [
      (.error, .error), (.timeout, .timeout), (.crash, .crash), (.exit, .crash), (.misuse, .crash), (.permanent, []),
      (.output, []), (.infrastructure, []), (.conflict, []), (.upstream, []), (.load, []),
    ]
    #expect(classes.count == ErrorClass.allCases.count)
    for condition in [RetryPolicy.Conditions.error, .timeout, .crash, .all, []] {
      policy.retryOn = condition
      for (errorClass, needed) in classes {
        let expected = !needed.isEmpty && condition.contains(needed)
        #expect(policy.repeats(after: errorClass, attempt: 4) == expected, "\(errorClass)")
        #expect(!policy.repeats(after: errorClass, attempt: 5), "\(errorClass)")
      }
    }
    #expect(!RetryPolicy.once.repeats(after: .error, attempt: 1))
  }
}
