package import WorkflowModel
package import WorkflowStore

extension PostgresStore {
  package func offers(_ run: RunID) throws(StoreError) -> [OfferRecord] {
    guard let bits = UUIDBits(run) else { return try nothing() ?? [] }
    return try ask(StateQuestions.offers, Parameters().add(id: bits)).records { rows, row in
      OfferRecord(
        task: rows.text(row, 0), tags: rows.texts(row, 1), offeredAt: rows.time(row, 2),
        takenBy: rows.flag(row, 4) ? rows.optionalText(row, 3) : nil)
    }
  }

  package func permits(tenant: String, key: String) throws(StoreError) -> [PermitRecord] {
    try ask(StateQuestions.permits, Parameters().add(tenant).add(key)).records { rows, row in
      PermitRecord(run: rows.id(row, 0).run, task: rows.text(row, 1), grantedAt: rows.time(row, 2))
    }
  }

  package func lease(_ run: RunID) throws(StoreError) -> LeaseRecord? {
    guard let bits = UUIDBits(run) else { return try nothing() }
    let rows = try ask(StateQuestions.lease, Parameters().add(id: bits))
    return rows.count == 0 ? nil : LeaseRecord(until: rows.optionalTime(0, 0), losses: Int(rows.int(0, 1)))
  }

  package func activationHistory(tenant: String, package: String, limit: Int) throws(StoreError) -> [ActivationRecord] {
    let rows = try ask(StateQuestions.history, Parameters().add(tenant).add(package).add(Int64(limit)))
    return try rows.map { row throws(StoreError) in
      ActivationRecord(
        version: rows.text(row, 0), digest: try rows.digest(row, 1), epoch: rows.int(row, 2),
        activatedAt: rows.time(row, 3))
    }
  }

  package func dueRuns(now: Timestamp) throws(StoreError) -> [TenantBacklog] {
    try ask(StateQuestions.due, time(now)).records { rows, row in
      TenantBacklog(tenant: rows.text(row, 0), weight: Int(rows.int(row, 1)), due: Int(rows.int(row, 2)))
    }
  }

  package func openRuns(tenant: String, package: String) throws(StoreError) -> [OpenRuns] {
    let rows = try ask(StateQuestions.open, Parameters().add(tenant).add(package))
    return try rows.map { row throws(StoreError) in
      guard let status = RunStatus(rawValue: rows.text(row, 3)) else {
        throw StoreError(.corrupt, "'\(rows.text(row, 3))' is no status of a run; run 'cloacina-ctl db check'")
      }
      return OpenRuns(
        type: rows.text(row, 0), version: rows.optionalText(row, 1),
        digest: rows.isNull(row, 2) ? nil : try rows.digest(row, 2), status: status, count: Int(rows.int(row, 4)))
    }
  }

  package func endedTasks(tenant: String, digest: PackageDigest, workflow: String) throws(StoreError) -> [[String]] {
    let rows = try ask(StateQuestions.ended, Parameters().add(tenant).add(digest.hex).add(workflow))
    return EndedTasks.byRun(rows.records { rows, row in (rows.id(row, 0).run.text, rows.text(row, 1)) })
  }

  package func recentDurations(tenant: String, digest: PackageDigest) throws(StoreError) -> [Int64] {
    let rows = try ask(StateQuestions.durations, Parameters().add(tenant).add(digest.hex))
    return rows.records { rows, row in max(0, rows.time(row, 1) - rows.time(row, 0)) }
  }
}
