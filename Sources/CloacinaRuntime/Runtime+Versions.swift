import PackageRegistry
import Threading
import WorkflowModel
package import WorkflowStore

extension Runtime {
  /// One version with what is to be said of it.
  package func packageVersion(tenant: String, name: String, version: String) throws(RuntimeError) -> PackageVersion {
    let digest = try find(tenant, name, version).digest
    guard let found = try packageVersions(tenant: tenant, name: name).first(where: { $0.record.digest == digest })
    else { throw RuntimeError(.notFound, code: "CLO-R003", "package '\(name)' has no version '\(version)' any more") }
    return found
  }

  /// Returns once no run is in flight on the version; one that is in service is taken out of it first, and so is one that
  /// is a canary.
  ///
  /// - Parameters:
  ///   - timeoutMilliseconds: nil waits for ever.
  ///   - isConfirmed: new runs of the package may be refused until another version is activated.
  /// - Throws: ``RuntimeError`` `.refused` for the active version without `isConfirmed`; `.timeout`.
  package func drainVersion(
    tenant: String, name: String, version: String, timeoutMilliseconds: Int64?, isConfirmed: Bool
  ) throws(RuntimeError) -> PackageVersion {
    let present = try packageVersion(tenant: tenant, name: name, version: version)
    if present.isActive, !isConfirmed { throw Runtime.unconfirmed(present.record) }
    if present.isActive || present.facts.canary != nil {
      let request = request(present.record)
      try write { store throws(StoreError) in try store.deactivate(request, now: Clock.now) }
      activationChanged()
    }
    let deadline = timeoutMilliseconds.map { Clock.monotonic + UInt64(max(0, $0)) * 1_000_000 }
    var backoff = PollBackoff(from: 10, to: 250)
    while true {
      let found = try packageVersion(tenant: tenant, name: name, version: version)
      if found.inFlight == 0 {
        try settleVersions(tenant, name)
        return try packageVersion(tenant: tenant, name: name, version: version)
      }
      if let deadline, Clock.monotonic >= deadline {
        throw RuntimeError(
          .timeout, code: "CLO-R082", "\(found.inFlight) run(s) of \(name) \(version) are still in flight",
          fix: "they go on: cloacina-ctl package versions \(name)")
      }
      let pause = Clock.monotonic + UInt64(backoff.next()) * 1_000_000
      _ = OneShot<Void>().wait(until: deadline.map { min($0, pause) } ?? pause)
    }
  }

  private static func unconfirmed(_ record: PackageRecord) -> RuntimeError {
    RuntimeError(
      .refused, code: "CLO-R081",
      """
      \(record.name) \(record.version) is active: to drain it takes it out of service, and new runs of \(record.name) \
      are refused until another version is activated
      """, fix: "activate another version first, or repeat with --yes")
  }

  /// Takes a version back, so that no new run takes it, or makes that undone.
  package func yank(tenant: String, name: String, version: String, isUndone: Bool) throws(RuntimeError)
    -> PackageVersion
  {
    let request = request(try find(tenant, name, version))
    _ = try write { store throws(StoreError) in
      try store.advance(isUndone ? .unyank : .yank, request, now: Clock.now)
    }
    try settleVersions(tenant, name)
    activationChanged()
    return try packageVersion(tenant: tenant, name: name, version: version)
  }

  /// Deletes a version that is not in service and that no open run is pinned to.
  package func removeVersion(tenant: String, name: String, version: String) throws(RuntimeError) -> Removal {
    let record = try find(tenant, name, version)
    let request = request(record)
    let removal = try write { store throws(StoreError) in try store.remove(request, now: Clock.now) }
    // Another tenant may have the same bytes.
    if try store({ store throws(StoreError) in try store.package(digest: record.digest) }) == nil {
      parts.registry.forget(record.digest)
    }
    activationChanged()
    return removal
  }

  // MARK: Quarantine

  /// Newest failure first.
  package func quarantines(tenant: String) throws(RuntimeError) -> [QuarantineRecord] {
    try store { store throws(StoreError) in try store.quarantines(tenant: tenant) }
  }

  /// Ends the quarantine of every archive of that name and version, or of the one whose digest begins so.
  ///
  /// - Parameter subject: `NAME@VERSION`, or at least six digits of a digest.
  package func clearQuarantine(tenant: String, _ subject: String) throws(RuntimeError) -> [QuarantineRecord] {
    let all = try quarantines(tenant: tenant)
    let named = all.filter { "\($0.name)@\($0.version)" == subject }
    let digests = subject.utf8.count >= 6 ? all.filter { $0.digest.hex.hasPrefix(subject) } : []
    guard !named.isEmpty || !digests.isEmpty else {
      throw RuntimeError(
        .notFound, code: "CLO-R083",
        "'\(subject)' is not in quarantine\(Suggestion.hint(for: subject, in: all.map { "\($0.name)@\($0.version)" }))",
        fix: "cloacina-ctl package quarantine list")
    }
    guard named.isEmpty ? digests.count == 1 : true else {
      throw RuntimeError(
        .invalid, code: "CLO-R084", "\(digests.count) digests in quarantine begin with '\(subject)'",
        fix: "give more digits: cloacina-ctl package quarantine list -o json")
    }
    let origin = parts.origin
    let cleared = try (named.isEmpty ? digests : named).map { record throws(RuntimeError) in
      try write { store throws(StoreError) in
        try store.clearQuarantine(tenant: tenant, digest: record.digest, origin: origin, now: Clock.now)
      }
    }
    packagesChanged()
    return cleared
  }

  private func request(_ record: PackageRecord) -> VersionRequest {
    VersionRequest(tenant: record.tenant, package: record.name, digest: record.digest, origin: parts.origin)
  }
}
