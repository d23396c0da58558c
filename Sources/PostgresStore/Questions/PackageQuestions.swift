import WorkflowModel
import WorkflowStore

/// Reads package versions, their workflows and activations.
enum PackageQuestions {
  /// Of `package AS p`, in the order of ``record(_:_:)``.
  static let columns = """
    p.digest, p.tenant_id, p.name, p.version, p.description, p.author, p.fingerprint, p.isolation, p.archive_bytes,
      p.registered_at, p.state, coalesce(p.state_since, p.registered_at), p.state_reason
    """
  static let columnCount: Int32 = 13

  static let byDigest = Statement(
    name: "reading a package",
    sql: """
      SELECT \(columns) FROM package AS p WHERE p.digest = $1::text AND ($2::text IS NULL OR p.tenant_id = $2::text)
      ORDER BY p.registered_at LIMIT 1
      """)

  static let byTenant = Statement(
    name: "listing packages",
    sql: """
      SELECT \(columns) FROM package AS p WHERE p.tenant_id = $1::text AND ($2::text IS NULL OR p.name = $2::text)
      ORDER BY p.name, p.registered_at DESC, p.seq DESC
      """)

  static let byDraining = Statement(
    name: "looking for versions that drain",
    sql: """
      SELECT \(columns) FROM package AS p
      WHERE p.state = 'draining' AND ($1::text IS NULL OR p.tenant_id = $1::text)
      ORDER BY p.tenant_id, p.name, p.registered_at DESC, p.seq DESC
      """)

  static let chunks = Statement(
    name: "reading an archive",
    sql: """
      SELECT c.bytes, c.digest FROM package_blob AS b JOIN package_chunk AS c ON c.digest = b.chunk
      WHERE b.digest = $1::text ORDER BY b.position
      """)

  static let definitionsOfVersion = Statement(
    name: "reading the workflows of a version",
    sql: """
      SELECT package_name, package_version, package_digest, name, definition FROM workflow_definition
      WHERE tenant_id = $1::text AND package_digest = $2::text ORDER BY position
      """)

  static func workflow(_ tenant: String, _ rows: Rows, _ row: Int) throws(StoreError) -> WorkflowRecord {
    WorkflowRecord(
      tenant: tenant, package: rows.text(row, 0), version: rows.text(row, 1), digest: try rows.digest(row, 2),
      name: rows.text(row, 3), definition: rows.bytes(row, 4))
  }

  static let definitions = Statement(
    name: "listing workflows",
    sql: """
      SELECT d.package_name, d.package_version, d.package_digest, d.name, d.definition
      FROM workflow_definition AS d
      JOIN package AS p ON p.tenant_id = d.tenant_id AND p.digest = d.package_digest
      WHERE d.tenant_id = $1::text AND ($2::text IS NULL OR d.package_name = $2::text)
      ORDER BY d.package_name, p.registered_at DESC, p.seq DESC, d.position
      """)

  static let activations = Statement(
    name: "reading activations",
    sql: """
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
      WHERE ($1::text IS NULL OR a.tenant_id = $1::text) AND ($2::text IS NULL OR a.package_name = $2::text)
      ORDER BY a.tenant_id, a.package_name
      """)

  static func record(_ rows: Rows, _ row: Int) throws(StoreError) -> PackageRecord {
    guard let state = VersionState(rawValue: rows.text(row, 10)) else {
      throw StoreError(.corrupt, "'\(rows.text(row, 10))' is no state of a version; run 'cloacina-ctl db check'")
    }
    var record = PackageRecord(
      digest: try rows.digest(row, 0), tenant: rows.text(row, 1), name: rows.text(row, 2), version: rows.text(row, 3),
      description: rows.text(row, 4), author: rows.text(row, 5), fingerprint: rows.text(row, 6),
      isolation: rows.text(row, 7), archiveBytes: Int(rows.int(row, 8)), registeredAt: rows.time(row, 9), state: state)
    record.stateSince = rows.time(row, 11)
    record.stateReason = rows.optionalText(row, 12)
    return record
  }

  static func activation(_ rows: Rows, _ row: Int) throws(StoreError) -> Activation {
    Activation(
      tenant: rows.text(row, 0), package: rows.text(row, 1), version: rows.text(row, 2),
      digest: try rows.digest(row, 3), epoch: rows.int(row, 4), activatedAt: rows.time(row, 5),
      previous: rows.isNull(row, 6) ? nil : try rows.digest(row, 6),
      canary: rows.isNull(row, 7) ? nil : try CanaryStatements.record(rows, row, from: 7))
  }

  /// The archive put together again; each piece must be what its name says.
  static func archive(_ rows: Rows, of digest: PackageDigest) throws(StoreError) -> [UInt8]? {
    guard rows.count > 0 else { return nil }
    var archive: [UInt8] = []
    for row in 0..<rows.count {
      let piece = rows.bytes(row, 0)
      guard ContentHash.hex(piece) == rows.text(row, 1) else {
        throw StoreError(
          .corrupt, "piece \(row) of the archive of \(digest.short) is damaged; register the package again")
      }
      archive += piece
    }
    return archive
  }
}
