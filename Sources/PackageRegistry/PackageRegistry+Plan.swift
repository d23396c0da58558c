import PackageArchive
package import PackageHost
package import WorkflowModel
package import WorkflowStore

extension PackageRegistry {
  /// What an archive would register, as far as that can be said without running any of it. Nothing is written.
  ///
  /// - Throws: ``RegistryError`` for an archive that ``register(archive:tenant:isolation:activate:)`` refuses unseen.
  package func examine(archive bytes: [UInt8], isolation: Isolation) throws(RegistryError) -> PlanSide {
    try side(try verify(bytes), isolation: isolation.rawValue)
  }

  /// A registered version, read from its archive.
  ///
  /// - Throws: ``RegistryError`` `.notFound` when the archive is not in the database.
  package func examine(_ record: PackageRecord) throws(RegistryError) -> PlanSide {
    guard let bytes = try read({ store throws(StoreError) in try store.archive(digest: record.digest) }) else {
      throw .notFound("the archive of \(record.name) \(record.version) is not in the database")
    }
    let verified: VerifiedPackage
    do throws(ArchiveError) { verified = try ArchiveReader.verify(bytes: bytes) } catch { throw .archive(error) }
    return try side(verified, isolation: record.isolation)
  }

  private func side(_ package: VerifiedPackage, isolation: String) throws(RegistryError) -> PlanSide {
    // No run can be started of a self-test, so that nobody is concerned when it changes.
    var descriptor = package.descriptor
    descriptor.workflows.removeAll { $0.name == SelfTest.name }
    do throws(ArchiveError) {
      var side = PlanSide(
        descriptor: descriptor, digest: package.digest, archiveBytes: package.archiveByteCount,
        isolation: isolation, targets: package.metadata.targets, exports: try package.exports())
      side.permissions = package.metadata.permissions
      return side
    } catch { throw .archive(error) }
  }
}
