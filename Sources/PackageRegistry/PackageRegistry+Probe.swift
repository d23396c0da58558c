package import PackageArchive
package import PackageHost
import Synchronization
import Telemetry
import Threading
package import WorkflowModel
package import WorkflowStore

extension PackageRegistry {
  /// Whether there are files of the version on this machine; whether they are its exact bytes ``verify(_:)`` says.
  package func isUnpacked(_ digest: PackageDigest) -> Bool { content.contains(digest: digest) }

  /// Whether the version is loaded and has passed its probe, so that another one is over at once.
  package func isProven(_ digest: PackageDigest) -> Bool {
    proven.withLock { $0.contains(digest) } && pool.residents.contains { $0.digest == digest && !$0.isRetired }
  }

  /// Checks that a registered version's exact bytes are in place on this machine, or can be.
  ///
  /// - Returns: what is to be staged; nil when nothing is.
  package func verify(_ digest: PackageDigest) throws(RegistryError) -> VerifiedPackage? {
    seen.withLock { _ = $0.insert(digest) }
    do throws(HostError) { return try loader.verify(digest) } catch { throw .host(error) }
  }

  /// Puts what ``verify(_:)`` returned in place.
  package func stage(_ verified: VerifiedPackage?) throws(RegistryError) {
    do throws(HostError) { try loader.stage(verified) } catch { throw .host(error) }
  }

  /// Puts a registered version's exact bytes in place on this machine, so that its first load need not fetch them.
  ///
  /// - Throws: ``HostError``, `isInfrastructure` when it says nothing about the package.
  package func stage(_ digest: PackageDigest) throws(HostError) {
    try loader.stage(try loader.verify(digest))
    seen.withLock { _ = $0.insert(digest) }
  }

  /// What the manifest of a version that is in place says.
  package func manifest(_ digest: PackageDigest) throws(RegistryError) -> PackageDescriptor {
    do throws(HostError) { return try loader.manifest(digest) } catch { throw .host(error) }
  }

  /// Loads a registered version, compares it with its manifest, runs its self-test, and keeps it warm. A host that has
  /// passed once is not tested again. A version that fails is put in quarantine, unless the machine was to blame or
  /// the version serves runs.
  ///
  /// - Throws: ``RegistryError``, `.quarantined` while the version is not to be tried.
  package func probe(_ record: PackageRecord, by origin: Origin) throws(RegistryError) {
    if record.state == .quarantined { try refuseQuarantined(record.tenant, record.digest) }
    do throws(HostError) {
      let host = try pool.warm(record.digest, seconds: PackageRegistry.warmSeconds)
      if !(proven.withLock { $0.contains(record.digest) }) {
        try proveResident(host, record)
        proven.withLock { _ = $0.insert(record.digest) }
      }
    } catch {
      pool.cool(record.digest)
      quarantine(
        QuarantineReport(
          tenant: record.tenant, digest: record.digest, name: record.name, version: record.version,
          code: error.code, reason: error.message, origin: origin), unless: error.isInfrastructure)
      throw .host(error)
    }
    guard record.state == .registered || record.state == .quarantined else { return }
    let request = VersionRequest(
      tenant: record.tenant, package: record.name, digest: record.digest, origin: origin)
    _ = try write { store throws(StoreError) in try store.advance(.probed, request, now: Clock.now) }
  }

  /// The same for a node that is told to by a swap which somebody else leads.
  ///
  /// - Throws: ``HostError``, `isInfrastructure` when it says nothing about the package.
  package func probe(_ digest: PackageDigest) throws(HostError) {
    let record: PackageRecord?
    do throws(StoreError) { record = try store.package(digest: digest) } catch {
      throw HostError(code: error.code.rawValue, message: error.message, isInfrastructure: true)
    }
    guard let record else {
      throw HostError(
        code: "CLO-P091", message: "no package with digest \(digest.short) is registered", isInfrastructure: true)
    }
    do throws(RegistryError) { try probe(record, by: Origin(actor: "engine", node: origin.node)) } catch {
      switch error {
      case .host(let cause): throw cause
      default: throw HostError(code: "CLO-P113", message: "\(error)", isInfrastructure: true)
      }
    }
  }

  /// The same for a host of the pool, which may have been replaced by a fresh one meanwhile: that one is tested then.
  private func proveResident(_ host: any PackageHost, _ record: PackageRecord) throws(HostError) {
    let manifest = try loader.manifest(record.digest)
    do throws(HostError) { try prove(host, record.digest, manifest, tenant: record.tenant) } catch {
      guard error.isInfrastructure else { throw error }
      let fresh = try pool.loaded(record.digest)
      guard fresh !== host else { throw error }
      try prove(fresh, record.digest, manifest, tenant: record.tenant)
    }
  }

  /// Compares a loaded library with its manifest and runs its self-test.
  func prove(
    _ host: any PackageHost, _ digest: PackageDigest, _ manifest: PackageDescriptor, tenant: String
  ) throws(HostError) {
    guard host.descriptor == manifest else {
      throw HostError(
        code: "CLO-P094",
        message: "the library of \(manifest.name) declares something else than its manifest.toml; build it again")
    }
    try SelfTestRun(host: host, digest: digest, tenant: tenant, desk: desk).run()
  }

  /// - Throws: ``RegistryError`` `.quarantined` for bytes that are not to be tried yet.
  package func refuseQuarantined(_ tenant: String, _ digest: PackageDigest) throws(RegistryError) {
    let record = try read { store throws(StoreError) in try store.quarantine(tenant: tenant, digest: digest) }
    if let record, record.until > Clock.now { throw .quarantined(record) }
  }

  /// What cannot be written is only logged: whoever asked learns of the failure itself.
  func quarantine(_ report: QuarantineReport, unless isInfrastructure: Bool) {
    guard !isInfrastructure else { return }
    do throws(RegistryError) {
      _ = try write { store throws(StoreError) in try store.quarantine(report, now: Clock.now) }
      Log.write(
        .warning, "a version was put in quarantine",
        [("package", report.name), ("version", report.version), ("code", report.code), ("reason", report.reason)])
    } catch {
      // A version that serves runs is not taken from them.
      if case .store(let cause) = error, cause.code == .versionState { return }
      Log.write(.error, "a quarantine was not recorded", [("package", report.name), ("error", "\(error)")])
    }
  }
}
