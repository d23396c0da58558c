package import PackageArchive
package import PackageHost
package import WorkflowModel
package import WorkflowStore

/// An archive that was read and verified, and that may be registered.
package struct Arrival: Sendable {
  package let verified: VerifiedPackage
  package let bytes: [UInt8]
  package let tenant: String
  package let isolation: Isolation
  /// The version when exactly these bytes are registered already.
  package let known: PackageRecord?

  package var name: String { verified.descriptor.name }
  package var version: String { verified.descriptor.version }
  /// Milliseconds that its self-test may take.
  package var selfTestLimit: Int64 { SelfTest.limit(of: verified.descriptor.workflows) }

  /// The version as it will be recorded.
  package func record(state: VersionState, now: Timestamp) -> PackageRecord {
    let descriptor = verified.descriptor
    return PackageRecord(
      digest: verified.digest, tenant: tenant, name: descriptor.name, version: descriptor.version,
      description: descriptor.description, author: descriptor.author, fingerprint: descriptor.fingerprint,
      isolation: isolation.rawValue, archiveBytes: bytes.count, registeredAt: now, state: state)
  }

  /// The workflows that runs may be started of; positions are those of the descriptor. The self-test is none of them.
  func workflows() -> [WorkflowRecord] {
    let descriptor = verified.descriptor
    return descriptor.workflows.enumerated().filter { $0.element.name != SelfTest.name }.map { index, workflow in
      WorkflowRecord(
        tenant: tenant, package: descriptor.name, version: descriptor.version, digest: verified.digest,
        name: workflow.name,
        definition: JSONValue.object([
          JSONMember("index", .integer(index)), JSONMember("definition", workflow.json),
        ]).bytes)
    }
  }
}
