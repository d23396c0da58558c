extension Explanation {
  /// Why the run runs the version that it runs.
  mutating func explainVersion(_ facts: RunFacts) {
    guard let version = facts.version, let digest = facts.digest else {
      let active = facts.versions.first(where: \.isActive)
      if !facts.status.isTerminal, let active, facts.activeTypes.contains(facts.type) {
        let version = facts.chosenCanary.map { "\($0.version), the canary" } ?? active.version
        add(Finding(.version, "it is pinned when it is first claimed; now that would be \(version)"))
      }
      return
    }
    let reason = facts.pinReason(digest)
    let runs = facts.status.isTerminal ? "ran" : "runs"
    add(
      Finding(
        .version, "it \(runs) on \(version) because \(reason.because)",
        evidence: reason.evidence + [facts.withdrawal].compactMap { $0 }))
  }
}

extension RunFacts {
  /// The canary, if it would take this run and has its workflow.
  fileprivate var chosenCanary: VersionFact? {
    guard let package = RunFacts.package(ofType: type) else { return nil }
    let workflow = String(type.dropFirst(package.count + 1))
    return versions.first { version in
      (version.canary?.takes(id) ?? false) && version.workflows.contains(workflow)
    }
  }

  fileprivate func pinReason(_ digest: PackageDigest) -> (because: String, evidence: [String]) {
    if let moved = events.last(where: { $0.moves(to: digest) }) { return (cause(of: moved), [words(of: moved)]) }
    if let versionChoice { return reason(of: versionChoice, digest) }
    let claimedAt = events.first { $0.type == "leased" }?.at ?? startedAt
    if let atStart = active(at: createdAt), atStart.digest == digest {
      return ("that version was active when the run was stored", origin + [sentence(atStart, "stored", createdAt)])
    }
    if let claimedAt, let atClaim = active(at: claimedAt), atClaim.digest == digest {
      return (
        "that version was active when it was first claimed", origin + [sentence(atClaim, "claimed", claimedAt)]
      )
    }
    return ("it was asked for, or a canary chose it: it was not the active version then", origin + activeThen)
  }

  /// What new runs took when the run was stored.
  var activeThen: [String] {
    active(at: createdAt).map { ["active then was \($0.version), epoch \($0.epoch)"] } ?? []
  }

  /// What started the run, where that is not whoever it says itself.
  var origin: [String] {
    slot.map { ["schedule \($0.schedule) started it for \($0.time)"] } ?? []
  }

  private func cause(of move: EventFact) -> String {
    guard move.type == "migrated" else { return "it was opened again on that version at \(time(move.at))" }
    let moved = "it was moved there at \(time(move.at))"
    switch move.data["by"]?.text {
    case "request": return "\(moved), on request"
    case "upgrade": return "\(moved), because its workflow follows the active version (upgrade = next-task)"
    default: return moved
    }
  }

  /// `from 1.0.0 to 1.1.0 (4f2a…), taken from node a`
  private func words(of move: EventFact) -> String {
    let data = move.data
    let isMigration = move.type == "migrated"
    let from = data[isMigration ? "from" : "from_version"]?.text ?? "another version"
    let to = data[isMigration ? "to" : "version"]?.text ?? "this one"
    let digest = data["digest"]?.text.map { " (\($0.prefix(12)))" } ?? ""
    let node = data["node"]?.text.map { ", taken from \(name(ofNode: $0))" } ?? ""
    return "from \(from) to \(to)\(digest)\(node)"
  }

  /// The activation that held at a point of time; nil before the first.
  private func active(at time: Timestamp) -> ActivationFact? { activations.first { $0.at <= time } }

  private func sentence(_ activation: ActivationFact, _ what: String, _ at: Timestamp) -> String {
    "\(activation.version) active since \(time(activation.at)), epoch \(activation.epoch); run \(what) at \(time(at))"
  }

  /// The schedule and slot that the run's key names.
  private var slot: (schedule: String, time: String)? {
    guard let key = idempotencyKey, key.hasPrefix("schedule:") else { return nil }
    let parts = key.split(separator: ":")
    guard parts.count == 3, let second = Int64(parts[2]) else { return nil }
    return (String(parts[1]), time(second * 1000))
  }
}

extension EventFact {
  /// True of the record that gave the run this version in place of another.
  fileprivate func moves(to digest: PackageDigest) -> Bool {
    let target = data["digest"]?.text
    switch type {
    case "migrated": return target == nil || target == digest.hex
    // Without a digest it was opened again on the version that it had.
    case "retried": return target == digest.hex
    default: return false
    }
  }
}
