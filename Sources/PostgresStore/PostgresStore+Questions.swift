package import WorkflowModel
package import WorkflowStore

extension PostgresStore {
  package func run(_ id: RunID) throws(StoreError) -> RunRecord? {
    guard let bits = UUIDBits(id) else { return try nothing() }
    let rows = try ask(RunQuestions.byID, Parameters().add(id: bits))
    return rows.count == 0 ? nil : try RunQuestions.record(rows, 0)
  }

  package func run(tenant: String, idempotencyKey: String) throws(StoreError) -> RunRecord? {
    let key = IdempotencyKey.stored(idempotencyKey, tenant: tenant)
    let rows = try ask(RunQuestions.byKey, Parameters().add(key).add(tenant))
    return rows.count == 0 ? nil : try RunQuestions.record(rows, 0)
  }

  package func runs(_ filter: RunFilter) throws(StoreError) -> [RunRecord] {
    var before: UUIDBits?
    if let page = filter.before {
      guard let bits = UUIDBits(page), try run(page) != nil else { return [] }
      before = bits
    }
    let parameters = Parameters().add(filter.tenant).add(filter.status?.rawValue).add(filter.type)
    parameters.add(filter.package).add(filter.version)
    if let before { parameters.add(id: before) } else { parameters.add(nil as String?) }
    parameters.add(Int64(filter.limit))
    let statement = filter.query.map { RunQuestions.list($0, parameters) } ?? RunQuestions.list
    let rows = try ask(statement, parameters)
    return try rows.map { row throws(StoreError) in try RunQuestions.record(rows, row) }
  }

  package func taskRuns(_ id: RunID) throws(StoreError) -> [TaskCheckpoint] {
    guard let bits = UUIDBits(id) else { return try nothing() ?? [] }
    let rows = try ask(RunQuestions.tasks, Parameters().add(id: bits))
    return try rows.map { row throws(StoreError) in
      guard let checkpoint = TaskRunRow.checkpoint(rows, row, from: 0) else {
        throw StoreError(.corrupt, "'\(rows.text(row, 2))' is no status of a task; run 'cloacina-ctl db check'")
      }
      return checkpoint
    }
  }

  package func events(_ id: RunID, after: Int64, limit: Int) throws(StoreError) -> [EventRecord] {
    guard let bits = UUIDBits(id) else { return try nothing() ?? [] }
    return try ask(RunQuestions.trail, Parameters().add(id: bits).add(after).add(Int64(limit))).records { rows, row in
      EventRecord(
        id: rows.int(row, 0), run: id, type: rows.text(row, 1), data: rows.bytes(row, 2), createdAt: rows.time(row, 3))
    }
  }

  package func counts(tenant: String?) throws(StoreError) -> StoreCounts {
    let snapshot = Command(Statement(name: "begin reading", sql: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"))
    let questions = [RunQuestions.open, RunQuestions.ended, RunQuestions.unserved]
    let rows = try ask([snapshot] + questions.map { Command($0, Parameters().add(tenant)) } + [Command(.commit)])
    return RunQuestions.counts(rows[1], rows[2], rows[3])
  }

  package func lost(_ owned: [LeaseKey], node: String) throws(StoreError) -> [LostLease] {
    let parameters = Parameters().add(ids: owned.map { bits($0.run) }).add(numbers: owned.map(\.epoch)).add(node)
    return try ask(RunQuestions.lost, parameters).records { rows, row in
      LostLease(lease: owned[Int(rows.int(row, 0)) - 1], status: RunStatus(rawValue: rows.text(row, 1)))
    }
  }

  package func schema() throws(StoreError) -> SchemaStatus {
    let settings = settings
    let applied = try with { connection throws(StoreError) in
      (try Migrator.applied(connection, in: settings), connection.serverVersion)
    }
    return SchemaStatus(
      engine: "postgresql \(applied.1 / 10_000).\(applied.1 % 10_000)", location: settings.place, applied: applied.0)
  }

  package func check() throws(StoreError) -> [String] {
    try ask(SoundnessCheck.commands).flatMap { $0.records { rows, row in rows.text(row, 0) } }
  }

  // MARK: Packages

  package func activation(tenant: String, package: String) throws(StoreError) -> Activation? {
    let rows = try ask(PackageQuestions.activations, Parameters().add(tenant).add(package))
    return rows.count == 0 ? nil : try PackageQuestions.activation(rows, 0)
  }

  package func activations(tenant: String?) throws(StoreError) -> [Activation] {
    let rows = try ask(PackageQuestions.activations, Parameters().add(tenant).add(nil as String?))
    return try rows.map { row throws(StoreError) in try PackageQuestions.activation(rows, row) }
  }

  package func packages(tenant: String, name: String?) throws(StoreError) -> [PackageRecord] {
    let rows = try ask(PackageQuestions.byTenant, Parameters().add(tenant).add(name))
    return try rows.map { row throws(StoreError) in try PackageQuestions.record(rows, row) }
  }

  package func package(digest: PackageDigest) throws(StoreError) -> PackageRecord? {
    let rows = try ask(PackageQuestions.byDigest, Parameters().add(digest.hex).add(nil as String?))
    return rows.count == 0 ? nil : try PackageQuestions.record(rows, 0)
  }

  package func archive(digest: PackageDigest) throws(StoreError) -> [UInt8]? {
    try PackageQuestions.archive(try ask(PackageQuestions.chunks, Parameters().add(digest.hex)), of: digest)
  }

  package func workflows(tenant: String, package: String?) throws(StoreError) -> [WorkflowRecord] {
    let rows = try ask(PackageQuestions.definitions, Parameters().add(tenant).add(package))
    return try rows.map { row throws(StoreError) in try PackageQuestions.workflow(tenant, rows, row) }
  }

  package func register(
    _ package: PackageRecord, archive: [UInt8], workflows: [WorkflowRecord], by origin: Origin
  ) throws(StoreError) -> PackageRegistration {
    try with { connection throws(StoreError) in
      let time = usesCallersTime ? package.registeredAt : nil
      return try PackageTransaction.run(connection, package.tenant, package.name, time: time) {
        transaction throws(StoreError) in
        try PackageWriter(transaction: transaction).register(package, archive, workflows, by: origin)
      }
    }
  }
}
