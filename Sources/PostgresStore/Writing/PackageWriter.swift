import CCrypto
import WorkflowModel
import WorkflowStore

/// Registers package versions.
struct PackageWriter {
  /// Archives travel in pieces of this many bytes.
  private static let chunkBytes = 1 << 18

  let transaction: PackageTransaction

  private static let sameVersion = Statement(
    name: "looking for a version",
    sql: "SELECT digest FROM package WHERE tenant_id = $1::text AND name = $2::text AND version = $3::text")

  private static let insertPackage = Statement(
    name: "registering a package",
    sql: """
      INSERT INTO package (tenant_id, digest, name, version, description, author, fingerprint, isolation,
        archive_bytes, registered_at, state, state_since, state_reason)
      VALUES ($1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, $8::text, $9::bigint,
        $10::timestamptz, $11::text, $12::timestamptz, $13::text)
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

  func register(
    _ package: PackageRecord, _ archive: [UInt8], _ workflows: [WorkflowRecord], by origin: Origin
  ) throws(StoreError) -> PackageRegistration {
    let rows = VersionRows(transaction: transaction)
    if let known = try rows.record(package.tenant, package.digest) {
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
    let life = VersionLife(rows)
    try life.admit(package)
    try insert(package)
    try store(archive, package.digest)
    try insert(workflows, package)
    try life.registered(package, by: origin)
    return PackageRegistration(created: true, record: package)
  }

  private func insert(_ package: PackageRecord) throws(StoreError) {
    try one(PackageWriter.insertPackage) { parameters in
      parameters.add(package.tenant).add(package.digest.hex)
      parameters.add(package.name).add(package.version)
      parameters.add(package.description).add(package.author)
      parameters.add(package.fingerprint).add(package.isolation)
      parameters.add(Int64(package.archiveBytes)).add(time: package.registeredAt)
      parameters.add(package.state.rawValue).add(time: package.stateSince).add(package.stateReason)
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

  @discardableResult
  private func one(_ statement: Statement, _ fill: (Parameters) -> Void) throws(StoreError) -> Rows {
    let parameters = Parameters()
    fill(parameters)
    return try transaction.ask(statement, parameters)
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
