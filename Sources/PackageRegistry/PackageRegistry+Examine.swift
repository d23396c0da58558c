import PackageArchive
package import PackageHost
import Threading
package import WorkflowModel

/// A package that was verified and probed and is not registered by that.
package struct ExaminedPackage: Sendable {
  package let digest: PackageDigest
  package let descriptor: PackageDescriptor
}

extension PackageRegistry {
  /// Verifies an archive, loads its library once and lets it test itself; nothing is recorded or kept.
  ///
  /// - Throws: ``RegistryError`` `.archive`, `.graph` or `.host`.
  package func examine(archive bytes: [UInt8], isolation: Isolation, tenant: String = "public") throws(RegistryError)
    -> ExaminedPackage
  {
    let verified = try verify(bytes)
    do throws(HostError) {
      let host = try opener(verified.library, verified.digest, verified.metadata.permissions, isolation)
      defer { host.close(deadline: Clock.monotonic) }
      try prove(host, verified.digest, verified.descriptor, tenant: tenant)
    } catch { throw .host(error) }
    return ExaminedPackage(digest: verified.digest, descriptor: verified.descriptor)
  }
}
