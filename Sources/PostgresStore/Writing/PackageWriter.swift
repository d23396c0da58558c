import CCrypto
import WorkflowModel
import WorkflowStore

/// Registers package versions and changes which of them is active, each in one transaction.
struct PackageWriter {
  /// Archives travel in pieces of this many bytes.
  private static let chunkBytes = 1 << 18

  let connection: Connection

  /// Two registrations of one package, on two nodes, go one after the other; so do two activations.
  private static let lock = Statement(
    name: "locking a package",
    sql: "SELECT pg_advisory_xact_lock(hashtextextended(concat_ws(chr(31), current_schema(), $1::text, $2::text), 815))"
  )

  private static let sameVersion = Statement(
    name: "looking for a version",
    sql: "SELECT digest FROM package WHERE tenant_id = $1::text AND name = $2::text AND version = $3::text")

  private static let insertPackage = Statement(
    name: "registering a package",
    sql: """
      INSERT INTO package (tenant_id, digest, name, version, description, author, fingerprint, isolation,
        archive_bytes, registered_at)
      VALUES ($1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, $8::text, $9::bigint,
        $10::timestamptz)
      """)

  private static let insertChunk = Statement(
    name: "storing a piece of an archive",
    sql: "INSERT INTO package_chunk (digest, bytes) VALUES ($1::text, $2::bytea) ON CONFLICT (digest) DO NOTHING")

  private static let insertBlob = Statement(
    name: "storing an archive",
    sql: """
      INSERT INTO package_blob (digest, position, chunk) VALUES ($1::text, $2::bigint, $3::text)
      ON CONFLICT (digest, position) DO NOTHING
      """)

  private static let insertWorkflow = Statement(
    name: "storing a workflow",
    sql: """
      INSERT INTO workflow_definition (tenant_id, package_digest, name, position, package_name, package_version,
        definition)
      VALUES ($1::text, $2::text, $3::text, $4::bigint, $5::text, $6::text, $7::json)
      """)

  private static let versionName = Statement(
    name: "looking for a version of a package",
    sql: "SELECT version FROM package WHERE tenant_id = $1::text AND name = $2::text AND digest = $3::text")

  private static let change = Statement(
    name: "reading an activation",
    sql: """
      SELECT previous_epoch, version, digest FROM activation_change
      WHERE tenant_id = $1::text AND package_name = $2::text AND epoch = $3::bigint
      """)

  private static let recordChange = Statement(
    name: "recording an activation",
    sql: """
      INSERT INTO activation_change (tenant_id, package_name, epoch, version, digest, previous_epoch, activated_at)
      VALUES ($1::text, $2::text, $3::bigint, $4::text, $5::text, $6::bigint, coalesce($7::timestamptz, now()))
      """)

  private static let setActive = Statement(
    name: "activating a version",
    sql: """
      INSERT INTO activation (tenant_id, package_name, epoch, version, digest)
      VALUES ($1::text, $2::text, $3::bigint, $4::text, $5::text) ON CONFLICT (tenant_id, package_name)
      DO UPDATE SET epoch = excluded.epoch, version = excluded.version, digest = excluded.digest
      """)

  // MARK: Registering

  func register(
    _ package: PackageRecord, _ archive: [UInt8], _ workflows: [WorkflowRecord]
  ) throws(StoreError) -> PackageRegistration {
    try transaction(package.tenant, package.name) { () throws(StoreError) in
      if let known = try PackageQuestions.package(package.digest, tenant: package.tenant, connection) {
        return PackageRegistration(created: false, record: known)
      }
      let same = try one(PackageWriter.sameVersion) { $0.add(package.tenant).add(package.name).add(package.version) }
      if same.count > 0 {
        let other = try same.digest(0, 0)
        throw StoreError(
          .packageConflict,
          "\(package.name) \(package.version) is registered as \(other), these bytes are \(package.digest);"
            + " give the changed package a new version")
      }
      try insert(package)
      try store(archive, package.digest)
      try insert(workflows, package)
      return PackageRegistration(created: true, record: package)
    }
  }

  private func insert(_ package: PackageRecord) throws(StoreError) {
    try one(PackageWriter.insertPackage) { parameters in
      parameters.add(package.tenant).add(package.digest.hex)
      parameters.add(package.name).add(package.version)
      parameters.add(package.description).add(package.author)
      parameters.add(package.fingerprint).add(package.isolation)
      parameters.add(Int64(package.archiveBytes)).add(time: package.registeredAt)
    }
  }

  private func store(_ archive: [UInt8], _ digest: PackageDigest) throws(StoreError) {
    // An empty archive is one empty piece.
    let starts = stride(from: 0, to: max(1, archive.count), by: PackageWriter.chunkBytes)
    for (position, start) in starts.enumerated() {
      let piece = Array(archive[start..<min(start + PackageWriter.chunkBytes, archive.count)])
      let name = ContentHash.hex(piece)
      try one(PackageWriter.insertChunk) { $0.add(name).add(raw: piece) }
      try one(PackageWriter.insertBlob) { parameters in
        parameters.add(digest.hex).add(Int64(position))
        parameters.add(name)
      }
    }
  }

  private func insert(_ workflows: [WorkflowRecord], _ package: PackageRecord) throws(StoreError) {
    for (position, workflow) in workflows.enumerated() {
      try one(PackageWriter.insertWorkflow) { parameters in
        parameters.add(package.tenant).add(package.digest.hex)
        parameters.add(workflow.name).add(Int64(position))
        parameters.add(package.name).add(package.version)
        parameters.add(raw: workflow.definition)
      }
    }
  }

  // MARK: Activating

  func activate(_ tenant: String, _ package: String, _ digest: PackageDigest) throws(StoreError) -> Activation {
    try transaction(tenant, package) { () throws(StoreError) in try activateInside(tenant, package, digest) }
  }

  func rollBack(_ tenant: String, _ package: String) throws(StoreError) -> Activation {
    try transaction(tenant, package) { () throws(StoreError) in try rollBackInside(tenant, package) }
  }

  /// Activates within a transaction that holds the package's lock.
  func activateInside(
    _ tenant: String, _ package: String, _ digest: PackageDigest
  ) throws(StoreError) -> Activation {
    let active = try PackageQuestions.activation(tenant, package, connection)
    if let active, active.digest == digest { return active }
    let version = try one(PackageWriter.versionName) { $0.add(tenant).add(package).add(digest.hex) }
    guard version.count > 0 else {
      throw StoreError(
        .notFound, "package '\(package)' of tenant '\(tenant)' has no registered version \(digest); register it first")
    }
    return try set(tenant, package, version.text(0, 0), digest, after: active, returningTo: active?.epoch)
  }

  /// Rolls back within a transaction that holds the package's lock.
  func rollBackInside(_ tenant: String, _ package: String) throws(StoreError) -> Activation {
    guard let active = try PackageQuestions.activation(tenant, package, connection),
      let back = try read(tenant, package, active.epoch)?.previous, let target = try read(tenant, package, back)
    else {
      throw StoreError(
        .notFound, "package '\(package)' of tenant '\(tenant)' has no earlier active version; activate one by name")
    }
    return try set(tenant, package, target.version, target.digest, after: active, returningTo: target.previous)
  }

  private func read(
    _ tenant: String, _ package: String, _ epoch: Int64
  ) throws(StoreError) -> (previous: Int64?, version: String, digest: PackageDigest)? {
    let rows = try one(PackageWriter.change) { $0.add(tenant).add(package).add(epoch) }
    guard rows.count > 0 else { return nil }
    return (rows.isNull(0, 0) ? nil : rows.int(0, 0), rows.text(0, 1), try rows.digest(0, 2))
  }

  private func set(
    _ tenant: String, _ package: String, _ version: String, _ digest: PackageDigest, after active: Activation?,
    returningTo previous: Int64?
  ) throws(StoreError) -> Activation {
    let epoch = (active?.epoch ?? 0) + 1
    try one(PackageWriter.recordChange) { parameters in
      parameters.add(tenant).add(package)
      parameters.add(epoch).add(version)
      parameters.add(digest.hex).add(previous)
      parameters.add(time: nil)
    }
    try one(PackageWriter.setActive) { parameters in
      parameters.add(tenant).add(package)
      parameters.add(epoch).add(version)
      parameters.add(digest.hex)
    }
    guard let activation = try PackageQuestions.activation(tenant, package, connection) else {
      throw StoreError(.corrupt, "an activation just written cannot be read; run 'cloacina-ctl db check'")
    }
    return activation
  }

  // MARK: Transactions

  /// Runs `body` in a transaction that holds the package's lock. A COMMIT that is not answered is an error that says
  /// so: registering and activating may be repeated, and repeating finds what was done.
  func transaction<Value>(
    _ tenant: String, _ package: String, _ body: () throws(StoreError) -> Value
  ) throws(StoreError) -> Value {
    let key = Parameters()
    key.add(tenant).add(package)
    do throws(PostgresFailure) {
      _ = try connection.run([Command(.begin), Command(PackageWriter.lock, key)])
    } catch { throw StoreError(error) }
    let value: Value
    do throws(StoreError) { value = try body() } catch {
      connection.rollBack()
      throw error
    }
    do throws(PostgresFailure) {
      let rows = try connection.run([Command(.commit)])
      guard rows[0].tag == "COMMIT" else {
        throw .refused(state: "25000", message: "the transaction was rolled back", statement: "COMMIT")
      }
    } catch {
      if case .lost(let message, true) = error {
        throw StoreError(
          .unavailable,
          "the database did not answer a commit (\(message)): look at the package's versions before"
            + " repeating this")
      }
      throw StoreError(error)
    }
    return value
  }

  @discardableResult
  func one(_ statement: Statement, _ fill: (Parameters) -> Void) throws(StoreError) -> Rows {
    let parameters = Parameters()
    fill(parameters)
    do throws(PostgresFailure) { return try connection.run([Command(statement, parameters)])[0] } catch {
      throw StoreError(error)
    }
  }
}

/// SHA-256 in hexadecimal.
enum ContentHash {
  static func hex(_ bytes: [UInt8]) -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    let code = bytes.withUnsafeBytes { EVP_Digest($0.baseAddress, $0.count, &digest, nil, EVP_sha256(), nil) }
    precondition(code == 1, "libcrypto cannot compute SHA-256: check its installation")
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
