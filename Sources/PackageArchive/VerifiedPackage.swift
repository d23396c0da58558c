package import WorkflowModel

/// A package whose archive kept every rule; only ``ArchiveReader`` makes one.
package struct VerifiedPackage: Sendable {
  /// The identity of the package's code: SHA-256 of its statement.
  package let digest: PackageDigest
  package let statement: PackageStatement
  package let metadata: PackageMetadata
  /// What `manifest.toml` says, the same as the library will say of itself.
  package let descriptor: PackageDescriptor
  /// The target triple of ``library``: this machine's.
  package let target: String
  /// The shared library for this machine.
  package let library: [UInt8]
  /// Bytes of the archive it was read from.
  package let archiveByteCount: Int
  /// Every file, the statement first.
  let members: [ArchiveMember]
}
