import WorkflowModel
import WorkflowStore

/// Inserts runs, each pinned to the version that is active in this very transaction.
final class Submissions {
  /// What a submission asks for; equal ones are looked up once in a batch.
  private struct Target: Hashable {
    var tenant: String
    var package: String
    var workflow: String
    var digest: PackageDigest?
  }

  private enum Pin {
    case version(String, PackageDigest, type: String)
    case refused(String)
  }

  private let active: Query
  private let registered: Query
  private let defined: Query
  private let insert: Query
  private let byKey: Query
  private let tenantOfRun: Query
  private let events: EventLog

  init(_ connection: Connection, _ events: EventLog) {
    self.events = events
    active = connection.query(
      "looking for the active version",
      "SELECT version, digest FROM activation WHERE tenant_id = ?1 AND package_name = ?2")
    registered = connection.query(
      "looking for a version",
      "SELECT version, digest FROM package WHERE tenant_id = ?1 AND digest = ?2 AND name = ?3")
    defined = connection.query(
      "looking for a workflow",
      "SELECT 1 FROM workflow_definition WHERE tenant_id = ?1 AND package_digest = ?2 AND name = ?3")
    insert = connection.query(
      "inserting a run",
      """
      INSERT INTO workflow_run (id, type, payload, priority, run_at, idempotency_key, created_at, updated_at,
        tenant_id, package_name, workflow_name, package_version, package_digest, labels)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8, ?9, ?10, ?11, ?12, ?13) ON CONFLICT DO NOTHING
      """)
    byKey = connection.query(
      "looking for an idempotency key", "SELECT id FROM workflow_run WHERE idempotency_key = ?1")
    tenantOfRun = connection.query("looking for a run", "SELECT tenant_id FROM workflow_run WHERE id = ?1")
  }

  func apply(_ submissions: [RunSubmission], at now: String) throws(StoreError) -> [SubmissionOutcome] {
    guard !submissions.isEmpty else { return [] }
    var pins: [Target: Pin] = [:]
    var outcomes: [SubmissionOutcome] = []
    outcomes.reserveCapacity(submissions.count)
    for submission in submissions {
      let target = Target(
        tenant: submission.tenant, package: submission.package, workflow: submission.workflow,
        digest: submission.digest)
      let pin = if let known = pins[target] { known } else { try find(target) }
      pins[target] = pin
      switch pin {
      case .refused(let reason): outcomes.append(.refused(reason))
      case .version(let version, let digest, let type):
        outcomes.append(try write(submission, version, digest, type, at: now))
      }
    }
    return outcomes
  }

  private func find(_ target: Target) throws(StoreError) -> Pin {
    let name = "package '\(target.package)' of tenant '\(target.tenant)'"
    let query =
      if let digest = target.digest {
        registered.bind(1, target.tenant).bind(2, digest.hex).bind(3, target.package)
      } else {
        active.bind(1, target.tenant).bind(2, target.package)
      }
    let version = try query.first { row throws(StoreError) in (row.text(0), try row.digest(1)) }
    guard let (version, digest) = version else {
      if let digest = target.digest { return .refused("\(name) has no registered version \(digest.short)") }
      return .refused("\(name) has no active version; activate one")
    }
    defined.bind(1, target.tenant).bind(2, digest.hex).bind(3, target.workflow)
    guard try defined.first({ _ in true }) != nil else {
      return .refused("\(name) has no workflow '\(target.workflow)' in version \(version)")
    }
    return .version(version, digest, type: "\(target.package).\(target.workflow)")
  }

  private func write(
    _ submission: RunSubmission, _ version: String, _ digest: PackageDigest, _ type: String, at now: String
  ) throws(StoreError) -> SubmissionOutcome {
    let key = submission.idempotencyKey.map { IdempotencyKey.stored($0, tenant: submission.tenant) }
    insert.bind(1, submission.id.text).bind(2, type).bind(3, text: submission.input).bind(4, submission.priority)
    insert.bind(5, submission.runAt.map(TimestampFormat.sql) ?? now).bind(6, key).bind(7, now)
    insert.bind(8, submission.tenant).bind(9, submission.package).bind(10, submission.workflow)
    let labels = submission.labels.json
    insert.bind(11, version).bind(12, digest.hex).bind(13, text: labels.isEmpty ? nil : labels)
    if try insert.execute() == 1 {
      try events.write(submission.id, "created", at: now)
      return .created(submission.id, digest: digest)
    }
    if let key, let id = try byKey.bind(1, key).first({ $0.text(0) }) { return .existing(RunID(id)) }
    let owner = try tenantOfRun.bind(1, submission.id.text).first { $0.text(0) }
    return owner == submission.tenant
      ? .existing(submission.id)
      : .refused("the run id '\(submission.id)' belongs to another tenant; choose another id")
  }
}

/// How idempotency keys are kept in their column, which is unique over all tenants as plain SQL expects.
enum IdempotencyKey {
  private static let separator: Character = "\u{1F}"

  static func stored(_ key: String, tenant: String) -> String {
    tenant == "public" ? key : "\(tenant)\(separator)\(key)"
  }

  static func shown(_ stored: String, tenant: String) -> String {
    tenant == "public" ? stored : String(stored.dropFirst(tenant.count + 1))
  }
}
