extension RunFacts {
  /// What is on record about a first version that was not simply the active one.
  func reason(of choice: VersionChoice, _ digest: PackageDigest) -> (because: String, evidence: [String]) {
    switch choice {
    case .request: return ("that version was asked for when the run was started", origin + activeThen)
    case .canary:
      let draw = "its id draws \(CanaryShare.draw(id)) out of 0 to \(CanaryShare.whole - 1)"
      guard let canary = canary(of: digest) else {
        return ("that version was the canary then, and its share took the run", origin + [draw] + activeThen)
      }
      return (
        "that version was the canary then, and its share of \(canary.share) took the run",
        origin + [
          "\(draw), and that share takes what is below \(canary.share.parts)",
          "\(canary.version) was given that share at \(time(canary.at))",
        ] + activeThen
      )
    }
  }

  /// The share that took the run: the one that held when it was stored, or the first one after, for a run that got its
  /// version when it was claimed.
  private func canary(of digest: PackageDigest) -> CanaryFact? {
    let candidates = canaries.filter { $0.digest == digest && $0.share.takes(id) }
    return candidates.first { $0.at <= createdAt } ?? candidates.last
  }
}
