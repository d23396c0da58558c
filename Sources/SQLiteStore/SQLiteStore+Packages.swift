package import WorkflowModel
package import WorkflowStore

extension SQLiteStore {
  package func register(_ package: PackageRecord, archive: [UInt8], workflows: [WorkflowRecord]) throws(StoreError)
    -> PackageRegistration
  {
    try write { writer throws(StoreError) in
      try writer.connection.transaction { () throws(StoreError) in
        let known = try writer.connection.packages(
          "tenant_id = ?1 AND name = ?2 AND version = ?3", [package.tenant, package.name, package.version])
        if let record = known.first {
          guard record.digest == package.digest else { throw SQLiteStore.conflict(record, package) }
          return PackageRegistration(created: false, record: record)
        }
        try writer.insert(package, archive: archive, workflows: workflows)
        return PackageRegistration(created: true, record: package)
      }
    }
  }

  private static func conflict(_ known: PackageRecord, _ new: PackageRecord) -> StoreError {
    StoreError(
      .packageConflict,
      """
      \(new.name) \(new.version) is registered with digest \(known.digest.short), not \(new.digest.short): give \
      changed code a new version
      """)
  }

  package func activate(tenant: String, package: String, digest: PackageDigest) throws(StoreError) -> Activation {
    try write { writer throws(StoreError) in
      try writer.connection.transaction { () throws(StoreError) in
        let known = try writer.connection.packages(
          "tenant_id = ?1 AND name = ?2 AND digest = ?3", [tenant, package, digest.hex])
        guard !known.isEmpty else {
          throw StoreError(.notFound, "package '\(package)' has no registered version with digest \(digest.short)")
        }
        let current = try writer.connection.activations(tenant: tenant, package: package).first
        if let current, current.digest == digest { return current }
        if let current { try writer.push(current) }
        return try writer.setActive(tenant, package, digest, epoch: (current?.epoch ?? 0) + 1)
      }
    }
  }

  package func rollBack(tenant: String, package: String) throws(StoreError) -> Activation {
    try write { writer throws(StoreError) in
      try writer.connection.transaction { () throws(StoreError) in
        guard let current = try writer.connection.activations(tenant: tenant, package: package).first else {
          throw StoreError(.notFound, "package '\(package)' has no active version")
        }
        guard let previous = current.previous else {
          throw StoreError(.notFound, "package '\(package)' has no earlier activation to return to")
        }
        try writer.popHistory(tenant, package)
        return try writer.setActive(tenant, package, previous, epoch: current.epoch + 1)
      }
    }
  }

  package func activation(tenant: String, package: String) throws(StoreError) -> Activation? {
    try read { connection throws(StoreError) in try connection.activations(tenant: tenant, package: package).first }
  }

  package func activations(tenant: String?) throws(StoreError) -> [Activation] {
    try read { connection throws(StoreError) in try connection.activations(tenant: tenant, package: nil) }
  }

  package func packages(tenant: String, name: String?) throws(StoreError) -> [PackageRecord] {
    try read { connection throws(StoreError) in
      guard let name else { return try connection.packages("tenant_id = ?1", [tenant]) }
      return try connection.packages("tenant_id = ?1 AND name = ?2", [tenant, name])
    }
  }

  package func package(digest: PackageDigest) throws(StoreError) -> PackageRecord? {
    try read { connection throws(StoreError) in try connection.packages("digest = ?1", [digest.hex]).first }
  }

  package func archive(digest: PackageDigest) throws(StoreError) -> [UInt8]? {
    try read { connection throws(StoreError) in
      let find = try connection.prepare("SELECT archive FROM package_blob WHERE digest = ?1")
      find.bind(1, digest.hex)
      return try find.first { $0.bytes(0) }
    }
  }

  package func workflows(tenant: String, package: String?) throws(StoreError) -> [WorkflowRecord] {
    try read { connection throws(StoreError) in
      let find = try connection.prepare(
        """
        SELECT package_name, version, digest, name, definition FROM workflow_definition
        WHERE tenant_id = ?1 AND package_name = coalesce(?2, package_name) ORDER BY package_name, version, rowid
        """)
      find.bind(1, tenant)
      find.bind(2, package)
      return try find.rows { row in
        PackageDigest(hex: row.text(2)).map {
          WorkflowRecord(
            tenant: tenant, package: row.text(0), version: row.text(1), digest: $0, name: row.text(3),
            definition: row.bytes(4))
        }
      }.compactMap { $0 }
    }
  }
}

extension Connection {
  /// Package versions that satisfy `condition`, newest registration first.
  func packages(_ condition: String, _ values: [String]) throws(StoreError) -> [PackageRecord] {
    let find = try prepare(
      """
      SELECT digest, tenant_id, name, version, description, author, fingerprint, isolation, archive_bytes,
        registered_at FROM package WHERE \(condition) ORDER BY registered_at DESC, rowid DESC
      """)
    for (index, value) in values.enumerated() { find.bind(Int32(index + 1), value) }
    return try find.rows { row in
      PackageDigest(hex: row.text(0)).map {
        PackageRecord(
          digest: $0, tenant: row.text(1), name: row.text(2), version: row.text(3), description: row.text(4),
          author: row.text(5), fingerprint: row.text(6), isolation: row.text(7), archiveBytes: Int(row.integer(8)),
          registeredAt: row.timestamp(9) ?? 0)
      }
    }.compactMap { $0 }
  }

  /// Activations of one tenant or all, of one package or all.
  func activations(tenant: String?, package: String?) throws(StoreError) -> [Activation] {
    let find = try prepare(
      """
      SELECT a.tenant_id, a.package_name, p.version, a.digest, a.epoch, a.activated_at,
        (SELECT h.digest FROM activation_history h WHERE h.tenant_id = a.tenant_id
          AND h.package_name = a.package_name ORDER BY h.position DESC LIMIT 1)
      FROM activation a JOIN package p ON p.digest = a.digest
      WHERE a.tenant_id = coalesce(?1, a.tenant_id) AND a.package_name = coalesce(?2, a.package_name)
      ORDER BY a.tenant_id, a.package_name
      """)
    find.bind(1, tenant)
    find.bind(2, package)
    return try find.rows { row in
      PackageDigest(hex: row.text(3)).map {
        Activation(
          tenant: row.text(0), package: row.text(1), version: row.text(2), digest: $0, epoch: row.integer(4),
          activatedAt: row.timestamp(5) ?? 0, previous: row.optionalText(6).flatMap { PackageDigest(hex: $0) })
      }
    }.compactMap { $0 }
  }
}

extension Writer {
  func insert(_ package: PackageRecord, archive: [UInt8], workflows: [WorkflowRecord]) throws(StoreError) {
    let insert = try connection.prepare("INSERT INTO package VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")
    for (index, value) in [
      package.digest.hex, package.tenant, package.name, package.version, package.description, package.author,
      package.fingerprint, package.isolation,
    ].enumerated() { insert.bind(Int32(index + 1), value) }
    insert.bind(9, package.archiveBytes)
    insert.bind(10, TimestampFormat.sql(package.registeredAt))
    try insert.run()
    let blob = try connection.prepare("INSERT INTO package_blob VALUES (?1, ?2)")
    blob.bind(1, package.digest.hex)
    blob.bind(2, blob: archive)
    try blob.run()
    let define = try connection.prepare("INSERT INTO workflow_definition VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
    for workflow in workflows {
      define.bind(1, workflow.digest.hex)
      define.bind(2, workflow.name)
      define.bind(3, workflow.tenant)
      define.bind(4, workflow.package)
      define.bind(5, workflow.version)
      define.bind(6, text: workflow.definition)
      try define.run()
    }
  }

  /// Remembers what was active, for a roll back.
  func push(_ activation: Activation) throws(StoreError) {
    let insert = try connection.prepare(
      """
      INSERT INTO activation_history SELECT ?1, ?2, coalesce(max(position), 0) + 1, ?3 FROM activation_history
      WHERE tenant_id = ?1 AND package_name = ?2
      """)
    insert.bind(1, activation.tenant)
    insert.bind(2, activation.package)
    insert.bind(3, activation.digest.hex)
    try insert.run()
  }

  func popHistory(_ tenant: String, _ package: String) throws(StoreError) {
    let delete = try connection.prepare(
      """
      DELETE FROM activation_history WHERE tenant_id = ?1 AND package_name = ?2 AND position =
        (SELECT max(position) FROM activation_history WHERE tenant_id = ?1 AND package_name = ?2)
      """)
    delete.bind(1, tenant)
    delete.bind(2, package)
    try delete.run()
  }

  func setActive(_ tenant: String, _ package: String, _ digest: PackageDigest, epoch: Int64) throws(StoreError)
    -> Activation
  {
    let upsert = try connection.prepare(
      """
      INSERT INTO activation VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (tenant_id, package_name)
      DO UPDATE SET digest = ?3, epoch = ?4, activated_at = ?5
      """)
    upsert.bind(1, tenant)
    upsert.bind(2, package)
    upsert.bind(3, digest.hex)
    upsert.bind(4, epoch)
    upsert.bind(5, TimestampFormat.sql(SQLiteStore.clock()))
    try upsert.run()
    guard let activation = try connection.activations(tenant: tenant, package: package).first else {
      throw StoreError(.failed, "the activation of '\(package)' cannot be read back")
    }
    return activation
  }
}
