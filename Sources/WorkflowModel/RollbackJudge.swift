/// Decides whether a version has to be taken back, from what its runs came to as time goes on. No clock, no store.
///
/// Each condition is measured over the runs that ended within its window. Once it holds it has to go on holding, at
/// every look, for as long as the window is. Too few runs within a whole window end that; too few within a part of a
/// window, after a new judge began, say nothing.
package struct RollbackJudge: Sendable, Equatable {
  /// What was counted up to a time.
  package struct Sample: Sendable, Equatable {
    package var time: Timestamp
    /// Of all runs since the rule was given.
    package var counts: OutcomeCounts

    package init(time: Timestamp, counts: OutcomeCounts) {
      self.time = time
      self.counts = counts
    }
  }

  /// A condition that holds, and since when without a break.
  package struct Breach: Sendable, Equatable {
    /// Place of the condition in the rule, from 0.
    package var condition: Int
    package var since: Timestamp

    package init(condition: Int, since: Timestamp) {
      self.condition = condition
      self.since = since
    }
  }

  package enum Verdict: Sendable, Equatable {
    case keep
    /// The breach that has lasted longest.
    case breached(Breach)
    /// What was found, for people.
    case rollBack(evidence: String)
  }

  /// Milliseconds without a look after which nothing is known of the time between, unless the window is longer.
  static let longestGap: Int64 = 10_000
  /// Samples that the shortest window is cut into, so that a long one does not keep thousands of them.
  private static let fineness: Int64 = 64

  private let rule: RollbackRule
  /// Oldest first; no two of one time.
  private var samples: [Sample]
  private var since: [Timestamp?]
  private var lastLook: Timestamp?

  /// - Parameters:
  ///   - armedAt: when the counting began, at nothing.
  ///   - breach: what an earlier judge of the same rule had found last.
  package init(_ rule: RollbackRule, armedAt: Timestamp, breach: Breach? = nil) {
    self.rule = rule
    samples = [Sample(time: armedAt, counts: OutcomeCounts())]
    since = rule.conditions.map { _ in nil }
    if let breach, since.indices.contains(breach.condition) { since[breach.condition] = breach.since }
  }

  /// Takes in what was counted up to now.
  package mutating func look(_ sample: Sample) -> Verdict {
    takeIn(sample)
    for place in rule.conditions.indices {
      if let evidence = judge(place, at: sample) { return .rollBack(evidence: evidence) }
    }
    let breaches = since.enumerated().compactMap { place, since in since.map { Breach(condition: place, since: $0) } }
    return breaches.min { $0.since < $1.since }.map { .breached($0) } ?? .keep
  }

  // MARK: Time

  /// Milliseconds before now from which on a sample may begin the window.
  private func reach(_ window: Int64) -> Int64 { window + gap(window) }

  private func gap(_ window: Int64) -> Int64 { max(window, RollbackJudge.longestGap) }

  private mutating func takeIn(_ sample: Sample) {
    // After a step of the clock back, what is ahead of it is no measure of time any more.
    samples.removeAll { $0.time >= sample.time }
    for place in since.indices {
      since[place] = since[place].map { min($0, sample.time) }
      if let lastLook, sample.time - lastLook > gap(rule.conditions[place].window) { since[place] = nil }
    }
    lastLook = sample.time
    let spacing = (rule.conditions.map(\.window).min() ?? 0) / RollbackJudge.fineness
    if samples.count > 1, sample.time - samples[samples.count - 2].time < spacing { samples.removeLast() }
    samples.append(sample)
    let horizon = sample.time - reach(rule.longestWindow)
    samples.removeAll { $0.time < horizon }
  }

  /// The runs of the window, and how long it is: shorter than the condition's while not enough is known.
  private func window(of condition: RollbackRule.Condition, at now: Sample) -> (counts: OutcomeCounts, length: Int64)? {
    let known = samples.filter { $0.time >= now.time - reach(condition.window) && $0.time < now.time }
    guard let start = known.last(where: { $0.time <= now.time - condition.window }) ?? known.first else { return nil }
    return (now.counts.since(start.counts), now.time - start.time)
  }

  // MARK: One condition

  /// Notes whether the condition holds; the evidence when it has held for long enough.
  private mutating func judge(_ place: Int, at now: Sample) -> String? {
    let condition = rule.conditions[place]
    guard let (counts, length) = window(of: condition, at: now) else { return nil }
    guard counts.ended >= rule.minimumRuns else {
      if length >= condition.window { since[place] = nil }
      return nil
    }
    guard condition.holds(for: counts) else {
      since[place] = nil
      return nil
    }
    let begin = since[place] ?? now.time
    since[place] = begin
    guard now.time - begin >= condition.window else { return nil }
    return condition.evidence(counts, over: length)
  }
}

extension RollbackRule.Condition {
  /// Whether these runs pass the limit. A latency is known to a sixteenth; in doubt it does not.
  func holds(for counts: OutcomeCounts) -> Bool {
    guard let percent = measure.percentile else {
      return Int64(counts.failed) * 1_000_000 > Int64(counts.ended) * limit
    }
    return counts.latency.quantile(percent: percent).map { $0.lowerBound > limit } ?? false
  }

  /// `error rate 12 % over 60 s, 25 of 208 runs`
  func evidence(_ counts: OutcomeCounts, over milliseconds: Int64) -> String {
    let time = "over \((milliseconds + 500) / 1000) s"
    guard let percent = measure.percentile else {
      let share = RuleText.decimal(Int64(counts.failed * 1000 / max(1, counts.ended)), places: 1)
      return "error rate \(share) % \(time), \(counts.failed) of \(counts.ended) runs"
    }
    let latency = counts.latency.quantile(percent: percent)?.lowerBound ?? 0
    return "\(measure.rawValue) at least \(latency) ms \(time), \(counts.ended) runs"
  }
}
