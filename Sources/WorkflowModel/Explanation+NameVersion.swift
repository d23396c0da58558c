extension Explanation {
  /// What the version that is meant is to new runs.
  mutating func explainActivation(_ facts: NameFacts) {
    if let meant = facts.meant { explain(meant, facts) } else { explainNone(facts) }
    explainQuarantines(facts)
  }

  private mutating func explain(_ meant: VersionFact, _ facts: NameFacts) {
    switch meant.state {
    case _ where meant.isActive: explainActive(meant, facts)
    case _ where meant.canary != nil: explainCanary(meant, facts)
    case .yanked:
      since = meant.since
      add(
        Finding(
          .yanked, "\(meant.version) was taken back: no new run may take it, and \(facts.instead)",
          evidence: ["yanked at \(TimestampFormat.rfc3339(meant.since))" + (meant.reason.map { ": \($0)" } ?? "")]))
    case .quarantined:
      since = meant.since
      add(
        Finding(
          .quarantined, "\(meant.version) is in quarantine, it could not be loaded or proved: \(facts.instead)",
          evidence: meant.quarantine?.lines(facts.now) ?? [meant.reason].compactMap { $0 }))
    case .registered, .probed, .active, .draining, .drained, .retired: explainInactive(meant, facts)
    }
    guard !meant.isActive else { return }
    suggest(meant.remedy(in: facts.package, over: facts.active, now: facts.now))
    if meant.canary != nil { suggest("package canary \(facts.package) --end") }
  }

  private mutating func explainNone(_ facts: NameFacts) {
    add(
      Finding(
        .inactive, "no version of '\(facts.package)' is active",
        evidence: ["registered: \(VersionFact.names(facts.versions))"]))
    if let remedy = VersionFact.remedy(in: facts.package, facts.versions, now: facts.now) { suggest(remedy) }
  }

  private mutating func explainActive(_ meant: VersionFact, _ facts: NameFacts) {
    let current = facts.activations.first
    since = current?.at
    let evidence = current.map { ["activated at \(TimestampFormat.rfc3339($0.at)), epoch \($0.epoch)"] } ?? []
    let beside = facts.versions.first { version in
      version.canary != nil && (facts.workflow.map { version.workflows.contains($0) } ?? true)
    }
    let share = beside.flatMap { version in
      version.canary.map { ", but for the \($0) that the canary \(version.version) takes" }
    }
    add(
      Finding(
        .active, "\(meant.version) is the version that new runs take\(share ?? "")", evidence: evidence + facts.before))
  }

  private mutating func explainCanary(_ meant: VersionFact, _ facts: NameFacts) {
    since = meant.since
    let share = meant.canary.map(\.description) ?? ""
    let others = facts.active.map { "; the others take \($0.version)" } ?? ""
    add(
      Finding(
        .canary, "\(meant.version) is the canary and takes \(share) of the new runs\(others)",
        evidence: [
          "canary since \(TimestampFormat.rfc3339(meant.since))",
          "it takes runs of workflows that the active version has too, by their ids",
        ]))
  }

  private mutating func explainInactive(_ meant: VersionFact, _ facts: NameFacts) {
    let was = facts.activations.filter { $0.digest == meant.digest }
    let history = was.map { "it was active from \(TimestampFormat.rfc3339($0.at)), epoch \($0.epoch)" }
    let change = facts.activations.first.map {
      ["\($0.version) was activated at \(TimestampFormat.rfc3339($0.at)), epoch \($0.epoch)"]
    }
    add(
      Finding(
        .inactive, "\(meant.version) is registered and not active: \(facts.instead)",
        evidence: (history.isEmpty ? ["it was never active"] : Array(history.prefix(Explanation.spelledOut)))
          + (change ?? []) + ["it is \(meant.state.rawValue) since \(TimestampFormat.rfc3339(meant.since))"]))
  }

  /// Archives in quarantine besides what is meant; of a version those with its number, of a workflow none.
  private mutating func explainQuarantines(_ facts: NameFacts) {
    guard facts.workflow == nil else { return }
    let others = facts.quarantines.filter { archive in
      archive.digest != facts.meant?.digest && (facts.version == nil || archive.version == facts.version)
    }
    guard !others.isEmpty else { return }
    add(
      others.map { archive in
        let isKnown = facts.versions.contains { $0.digest == archive.digest }
        let what = isKnown ? "\(archive.version)" : "an archive of \(archive.version) that is not registered"
        return Finding(
          .quarantined, "\(what) is in quarantine",
          evidence: ["digest \(archive.digest.short)"] + archive.lines(facts.now))
      })
    suggest("package quarantine list")
  }
}

extension NameFacts {
  /// The active version; nil while there is none.
  var active: VersionFact? { versions.first(where: \.isActive) }

  /// What new runs do that do not take the version that is meant.
  fileprivate var instead: String {
    active.map { "new runs take \($0.version)" } ?? "no version of the package is active"
  }

  /// What was active before, the last few changes.
  fileprivate var before: [String] {
    zip(activations.dropFirst(), activations).prefix(3).map { earlier, later in
      let span = "\(TimestampFormat.rfc3339(earlier.at)) to \(TimestampFormat.rfc3339(later.at))"
      return "before it \(earlier.version), \(span), epoch \(earlier.epoch)"
    }
  }
}
