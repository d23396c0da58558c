import WorkflowModel
import WorkflowStore

/// Registers package versions. Each function runs inside a transaction.
final class PackageWriter {
  private let questions: PackageQuestions
  private let sameVersion: Query
  private let insertPackage: Query
  private let insertArchive: Query
  private let insertWorkflow: Query

  init(_ connection: Connection) {
    questions = PackageQuestions(connection)
    sameVersion = connection.query(
      "looking for a version", "SELECT digest FROM package WHERE tenant_id = ?1 AND name = ?2 AND version = ?3")
    insertPackage = connection.query(
      "registering a package",
      """
      INSERT INTO package (tenant_id, digest, name, version, description, author, fingerprint, isolation, archive_bytes,
        registered_at, state, state_since, state_reason)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
      """)
    insertArchive = connection.query(
      "storing an archive", "INSERT INTO package_blob VALUES (?1, ?2) ON CONFLICT DO NOTHING")
    insertWorkflow = connection.query(
      "storing a workflow", "INSERT INTO workflow_definition VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
  }

  func register(
    _ package: PackageRecord, _ archive: [UInt8], _ workflows: [WorkflowRecord], by origin: Origin,
    _ life: VersionLife<VersionTransaction>
  ) throws(StoreError) -> PackageRegistration {
    if let known = try questions.package(package.digest, tenant: package.tenant) {
      return PackageRegistration(created: false, record: known)
    }
    sameVersion.bind(1, package.tenant).bind(2, package.name).bind(3, package.version)
    if let other = try sameVersion.first({ row throws(StoreError) in try row.digest(0) }) {
      throw StoreError(
        .packageConflict,
        "\(package.name) \(package.version) is registered as \(other), these bytes are \(package.digest);"
          + " give the changed package a new version")
    }
    try life.admit(package)
    try insert(package)
    try insertArchive.bind(1, package.digest.hex).bind(2, blob: archive).execute()
    for (position, workflow) in workflows.enumerated() {
      insertWorkflow.bind(1, package.tenant).bind(2, package.digest.hex).bind(3, workflow.name).bind(4, position)
      insertWorkflow.bind(5, package.name).bind(6, package.version).bind(7, text: workflow.definition)
      try insertWorkflow.execute()
    }
    try life.registered(package, by: origin)
    return PackageRegistration(created: true, record: package)
  }

  private func insert(_ package: PackageRecord) throws(StoreError) {
    insertPackage.bind(1, package.tenant).bind(2, package.digest.hex).bind(3, package.name).bind(4, package.version)
    insertPackage.bind(5, package.description).bind(6, package.author).bind(7, package.fingerprint)
    insertPackage.bind(8, package.isolation).bind(9, package.archiveBytes)
    insertPackage.bind(10, TimestampFormat.sql(package.registeredAt)).bind(11, package.state.rawValue)
    try insertPackage.bind(12, TimestampFormat.sql(package.stateSince)).bind(13, package.stateReason).execute()
  }
}
