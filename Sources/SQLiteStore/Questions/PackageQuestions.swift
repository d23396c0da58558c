import WorkflowModel
import WorkflowStore

/// Reads package versions, their workflows and activations.
final class PackageQuestions {
  private let byDigest: Query
  private let byTenant: Query
  private let byDraining: Query
  private let archives: Query
  private let definitions: Query
  private let ofVersion: Query
  private let activations: Query

  /// Of `package AS p`, in the order of ``record(_:)``.
  static let columns = """
    p.digest, p.tenant_id, p.name, p.version, p.description, p.author, p.fingerprint, p.isolation, p.archive_bytes,
      p.registered_at, p.state, coalesce(p.state_since, p.registered_at), p.state_reason
    """
  static let columnCount: Int32 = 13

  init(_ connection: Connection) {
    let package = "SELECT \(PackageQuestions.columns) FROM package AS p"
    byDigest = connection.query(
      "reading a package",
      "\(package) WHERE p.digest = ?1 AND (?2 IS NULL OR p.tenant_id = ?2) ORDER BY p.registered_at LIMIT 1")
    byTenant = connection.query(
      "listing packages",
      """
      \(package) WHERE p.tenant_id = ?1 AND (?2 IS NULL OR p.name = ?2)
      ORDER BY p.name, p.registered_at DESC, p.rowid DESC
      """)
    byDraining = connection.query(
      "looking for versions that drain",
      """
      \(package) WHERE p.state = 'draining' AND (?1 IS NULL OR p.tenant_id = ?1)
      ORDER BY p.tenant_id, p.name, p.registered_at DESC, p.rowid DESC
      """)
    archives = connection.query("reading an archive", "SELECT archive FROM package_blob WHERE digest = ?1")
    definitions = connection.query(
      "listing workflows",
      """
      SELECT d.package_name, d.package_version, d.package_digest, d.name, d.definition
      FROM workflow_definition AS d
      JOIN package AS p ON p.tenant_id = d.tenant_id AND p.digest = d.package_digest
      WHERE d.tenant_id = ?1 AND (?2 IS NULL OR d.package_name = ?2)
      ORDER BY d.package_name, p.registered_at DESC, p.rowid DESC, d.position
      """)
    ofVersion = connection.query(
      "reading the workflows of a version",
      """
      SELECT package_name, package_version, package_digest, name, definition FROM workflow_definition
      WHERE tenant_id = ?1 AND package_digest = ?2 ORDER BY position
      """)
    activations = connection.query(
      "reading activations",
      """
      SELECT a.tenant_id, a.package_name, a.version, a.digest, a.epoch, c.activated_at, back.digest,
        canary.tenant_id, canary.package_name, canary.digest, canary.version, canary.parts, canary.since,
        canary.rule_epoch
      FROM activation AS a
      JOIN activation_change AS c
        ON c.tenant_id = a.tenant_id AND c.package_name = a.package_name AND c.epoch = a.epoch
      LEFT JOIN activation_return AS r ON r.tenant_id = a.tenant_id AND r.package_name = a.package_name
      LEFT JOIN activation_change AS back
        ON back.tenant_id = a.tenant_id AND back.package_name = a.package_name AND back.epoch = r.epoch
      LEFT JOIN activation_canary AS canary
        ON canary.tenant_id = a.tenant_id AND canary.package_name = a.package_name
      WHERE (?1 IS NULL OR a.tenant_id = ?1) AND (?2 IS NULL OR a.package_name = ?2)
      ORDER BY a.tenant_id, a.package_name
      """)
  }

  func package(_ digest: PackageDigest, tenant: String?) throws(StoreError) -> PackageRecord? {
    try byDigest.bind(1, digest.hex).bind(2, tenant).first(PackageQuestions.record)
  }

  func packages(_ tenant: String, _ name: String?) throws(StoreError) -> [PackageRecord] {
    try byTenant.bind(1, tenant).bind(2, name).all(PackageQuestions.record)
  }

  func draining(_ tenant: String?) throws(StoreError) -> [PackageRecord] {
    try byDraining.bind(1, tenant).all(PackageQuestions.record)
  }

  func archive(_ digest: PackageDigest) throws(StoreError) -> [UInt8]? {
    try archives.bind(1, digest.hex).first { $0.bytes(0) }
  }

  func workflows(_ tenant: String, _ package: String?) throws(StoreError) -> [WorkflowRecord] {
    try definitions.bind(1, tenant).bind(2, package).all { row throws(StoreError) in
      try PackageQuestions.workflow(tenant, row)
    }
  }

  /// The workflows of one version, in the order of its descriptor.
  func workflows(_ tenant: String, of digest: PackageDigest) throws(StoreError) -> [WorkflowRecord] {
    try ofVersion.bind(1, tenant).bind(2, digest.hex).all { row throws(StoreError) in
      try PackageQuestions.workflow(tenant, row)
    }
  }

  private static func workflow(_ tenant: String, _ row: Query) throws(StoreError) -> WorkflowRecord {
    WorkflowRecord(
      tenant: tenant, package: row.text(0), version: row.text(1), digest: try row.digest(2), name: row.text(3),
      definition: row.bytes(4))
  }

  func activation(_ tenant: String, _ package: String) throws(StoreError) -> Activation? {
    try activations.bind(1, tenant).bind(2, package).first(PackageQuestions.activation)
  }

  func activations(_ tenant: String?) throws(StoreError) -> [Activation] {
    try activations.bind(1, tenant).bind(2, text: nil).all(PackageQuestions.activation)
  }

  /// Reads ``columns``, the first of the row.
  static func record(_ row: Query) throws(StoreError) -> PackageRecord {
    guard let state = VersionState(rawValue: row.text(10)) else {
      throw StoreError(.corrupt, "'\(row.text(10))' is no state of a version; run 'cloacina-ctl db check'")
    }
    var record = PackageRecord(
      digest: try row.digest(0), tenant: row.text(1), name: row.text(2), version: row.text(3),
      description: row.text(4), author: row.text(5), fingerprint: row.text(6), isolation: row.text(7),
      archiveBytes: Int(row.int(8)), registeredAt: row.time(9), state: state)
    record.stateSince = row.time(11)
    record.stateReason = row.optionalText(12)
    return record
  }

  private static func activation(_ row: Query) throws(StoreError) -> Activation {
    Activation(
      tenant: row.text(0), package: row.text(1), version: row.text(2), digest: try row.digest(3), epoch: row.int(4),
      activatedAt: row.time(5), previous: row.isNull(6) ? nil : try row.digest(6),
      canary: row.isNull(7) ? nil : try CanaryRows.record(row, 7))
  }
}
