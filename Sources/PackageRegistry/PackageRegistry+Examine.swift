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
  /// Verifies an archive and loads its library once; nothing is recorded or kept.
  ///
  /// - Throws: ``RegistryError`` `.archive`, `.graph` or `.host`.
  package func examine(archive bytes: [UInt8], isolation: Isolation) throws(RegistryError) -> ExaminedPackage {
    let verified = try verify(bytes)
    try probe(verified.library, of: verified, isolation).close(deadline: Clock.monotonic)
    return ExaminedPackage(digest: verified.digest, descriptor: verified.descriptor)
  }
}
