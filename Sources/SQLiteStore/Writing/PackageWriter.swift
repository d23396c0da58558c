import WorkflowModel
import WorkflowStore

/// Registers package versions and changes which of them is active. Each function runs inside a transaction.
final class PackageWriter {
  private let questions: PackageQuestions
  private let sameVersion: Query
  private let insertPackage: Query
  private let insertArchive: Query
  private let insertWorkflow: Query
  private let versionName: Query
  private let change: Query
  private let recordChange: Query
  private let setActive: Query

  init(_ connection: Connection) {
    questions = PackageQuestions(connection)
    sameVersion = connection.query(
      "looking for a version", "SELECT digest FROM package WHERE tenant_id = ?1 AND name = ?2 AND version = ?3")
    insertPackage = connection.query(
      "registering a package", "INSERT INTO package VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")
    insertArchive = connection.query(
      "storing an archive", "INSERT INTO package_blob VALUES (?1, ?2) ON CONFLICT DO NOTHING")
    insertWorkflow = connection.query(
      "storing a workflow", "INSERT INTO workflow_definition VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
    versionName = connection.query(
      "looking for a version", "SELECT version FROM package WHERE tenant_id = ?1 AND name = ?2 AND digest = ?3")
    change = connection.query(
      "reading an activation",
      """
      SELECT previous_epoch, version, digest FROM activation_change
      WHERE tenant_id = ?1 AND package_name = ?2 AND epoch = ?3
      """)
    recordChange = connection.query(
      "recording an activation", "INSERT INTO activation_change VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
    setActive = connection.query(
      "activating a version",
      """
      INSERT INTO activation VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (tenant_id, package_name)
      DO UPDATE SET epoch = excluded.epoch, version = excluded.version, digest = excluded.digest
      """)
  }

  func register(
    _ package: PackageRecord, _ archive: [UInt8], _ workflows: [WorkflowRecord]
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
    try insert(package)
    try insertArchive.bind(1, package.digest.hex).bind(2, blob: archive).execute()
    for (position, workflow) in workflows.enumerated() {
      insertWorkflow.bind(1, package.tenant).bind(2, package.digest.hex).bind(3, workflow.name).bind(4, position)
      insertWorkflow.bind(5, package.name).bind(6, package.version).bind(7, text: workflow.definition)
      try insertWorkflow.execute()
    }
    return PackageRegistration(created: true, record: package)
  }

  private func insert(_ package: PackageRecord) throws(StoreError) {
    insertPackage.bind(1, package.tenant).bind(2, package.digest.hex).bind(3, package.name).bind(4, package.version)
    insertPackage.bind(5, package.description).bind(6, package.author).bind(7, package.fingerprint)
    insertPackage.bind(8, package.isolation).bind(9, package.archiveBytes)
    try insertPackage.bind(10, TimestampFormat.sql(package.registeredAt)).execute()
  }

  func activate(
    _ tenant: String, _ package: String, _ digest: PackageDigest, at now: Timestamp
  ) throws(StoreError) -> Activation {
    let active = try questions.activation(tenant, package)
    if let active, active.digest == digest { return active }
    versionName.bind(1, tenant).bind(2, package).bind(3, digest.hex)
    guard let version = try versionName.first({ $0.text(0) }) else {
      throw StoreError(
        .notFound, "package '\(package)' of tenant '\(tenant)' has no registered version \(digest); register it first")
    }
    return try set(tenant, package, version, digest, after: active, returningTo: active?.epoch, at: now)
  }

  func rollBack(_ tenant: String, _ package: String, at now: Timestamp) throws(StoreError) -> Activation {
    guard let active = try questions.activation(tenant, package),
      let back = try read(tenant, package, active.epoch)?.previous,
      let target = try read(tenant, package, back)
    else {
      throw StoreError(
        .notFound, "package '\(package)' of tenant '\(tenant)' has no earlier active version; activate one by name")
    }
    return try set(
      tenant, package, target.version, target.digest, after: active, returningTo: target.previous, at: now)
  }

  private func read(
    _ tenant: String, _ package: String, _ epoch: Int64
  ) throws(StoreError) -> (previous: Int64?, version: String, digest: PackageDigest)? {
    try change.bind(1, tenant).bind(2, package).bind(3, epoch).first { row throws(StoreError) in
      (row.isNull(0) ? nil : row.int(0), row.text(1), try row.digest(2))
    }
  }

  private func set(
    _ tenant: String, _ package: String, _ version: String, _ digest: PackageDigest, after active: Activation?,
    returningTo previous: Int64?, at now: Timestamp
  ) throws(StoreError) -> Activation {
    let epoch = (active?.epoch ?? 0) + 1
    recordChange.bind(1, tenant).bind(2, package).bind(3, epoch).bind(4, version).bind(5, digest.hex)
    try recordChange.bind(6, previous).bind(7, TimestampFormat.sql(now)).execute()
    try setActive.bind(1, tenant).bind(2, package).bind(3, epoch).bind(4, version).bind(5, digest.hex).execute()
    guard let activation = try questions.activation(tenant, package) else {
      throw StoreError(.corrupt, "an activation just written cannot be read; run 'cloacina-ctl db check'")
    }
    return activation
  }
}
