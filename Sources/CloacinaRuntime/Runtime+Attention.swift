import Threading
import WorkflowModel
import WorkflowStore

extension Runtime {
  /// What of the life of versions needs a person, or is under way, as sentences.
  func versionAttention(_ counts: StoreCounts, tenant: String?) throws(RuntimeError) -> [String] {
    var recent = SwapFilter()
    recent.tenant = tenant
    let (quarantines, swaps, draining) = try store { [recent] store throws(StoreError) in
      (
        try store.quarantines(tenant: tenant), try store.swaps(recent), try store.drainingVersions(tenant: tenant)
      )
    }
    return VersionAttention.draining(draining, counts.inFlight)
      + VersionAttention.quarantined(quarantines, now: Clock.now) + VersionAttention.swaps(swaps, now: Clock.now)
  }
}

/// Sentences for the status; no clock, no store.
enum VersionAttention {
  /// Milliseconds for which a swap that failed is worth a line.
  static let memory: Int64 = 3_600_000

  static func draining(_ versions: [PackageRecord], _ inFlight: [VersionCount]) -> [String] {
    versions.map { version in
      let runs = inFlight.first { $0.package == version.name && $0.version == version.version }?.count ?? 0
      return "\(version.name) \(version.version) is draining (\(runs) run\(runs == 1 ? "" : "s"))"
    }
  }

  static func quarantined(_ records: [QuarantineRecord], now: Timestamp) -> [String] {
    records.map { record in
      let time = TimestampFormat.rfc3339(record.until)
      let until = record.until > now ? "is in quarantine until \(time)" : "was in quarantine until \(time)"
      return "\(record.name) \(record.version) \(until) (\(record.code): \(record.reason)); "
        + "cloacina-ctl package quarantine clear \(record.name)@\(record.version)"
    }
  }

  /// Swaps that go on, and packages whose last swap has failed not long ago.
  ///
  /// - Parameter swaps: newest first.
  static func swaps(_ swaps: [SwapRecord], now: Timestamp) -> [String] {
    var seen: Set<String> = []
    return swaps.compactMap { swap in
      let isLast = seen.insert("\(swap.tenant)\u{0}\(swap.package)").inserted
      if swap.endedAt == nil, swap.step != .drain {
        return "\(swap.package) is being swapped to \(swap.version): step \(swap.step.rawValue) since "
          + TimestampFormat.rfc3339(swap.stepAt)
      }
      guard isLast, swap.step == .failed, let ended = swap.endedAt, now - ended < memory else { return nil }
      let step = swap.steps.last.map { " at its step '\($0.step.rawValue)'" } ?? ""
      let reason = swap.failure.map { " (\($0.code): \(String($0.message.prefix { $0 != "\n" })))" } ?? ""
      return "the last swap of \(swap.package), to \(swap.version), failed\(step)\(reason)"
    }
  }
}
