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

  private struct Version {
    var name: String
    var digest: PackageDigest
  }

  private enum Pin {
    /// The version, and the canary that takes a share of the runs.
    case version(Version, canary: (version: Version, share: CanaryShare)?, type: String)
    case refused(String)
    case withdrawn(String)
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
      """
      SELECT a.version, a.digest, c.version, c.digest, c.parts FROM activation AS a
      LEFT JOIN activation_canary AS c ON c.tenant_id = a.tenant_id AND c.package_name = a.package_name
      WHERE a.tenant_id = ?1 AND a.package_name = ?2
      """)
    registered = connection.query(
      "looking for a version",
      "SELECT version, state, state_reason FROM package WHERE tenant_id = ?1 AND digest = ?2 AND name = ?3")
    defined = connection.query(
      "looking for a workflow",
      "SELECT 1 FROM workflow_definition WHERE tenant_id = ?1 AND package_digest = ?2 AND name = ?3")
    insert = connection.query(
      "inserting a run",
      """
      INSERT INTO workflow_run (id, type, payload, priority, run_at, idempotency_key, created_at, updated_at,
        tenant_id, package_name, workflow_name, package_version, package_digest, labels,
        version_choice)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) ON CONFLICT DO NOTHING
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
      case .withdrawn(let reason): outcomes.append(.withdrawn(reason))
      case .version(let active, let canary, let type):
        let (version, choice): (Version, VersionChoice?) =
          if let canary, canary.share.takes(submission.id) { (canary.version, .canary) } else {
            (active, submission.digest == nil ? nil : .request)
          }
        outcomes.append(try write(submission, version, choice, type, at: now))
      }
    }
    return outcomes
  }

  private func find(_ target: Target) throws(StoreError) -> Pin {
    if let digest = target.digest { return try find(target, exactly: digest) }
    let found = try active.bind(1, target.tenant).bind(2, target.package).first { row throws(StoreError) in
      let canary = row.isNull(2) ? nil : (Version(name: row.text(2), digest: try row.digest(3)), Int(row.int(4)))
      return (Version(name: row.text(0), digest: try row.digest(1)), canary)
    }
    guard let (version, beside) = found else { return .refused("\(name(target)) has no active version; activate one") }
    guard try isDefined(target, version) else { return undefined(target, version) }
    guard let (canary, parts) = beside, let share = CanaryShare(parts: parts), try isDefined(target, canary) else {
      return .version(version, canary: nil, type: type(target))
    }
    return .version(version, canary: (canary, share), type: type(target))
  }

  private func find(_ target: Target, exactly digest: PackageDigest) throws(StoreError) -> Pin {
    registered.bind(1, target.tenant).bind(2, digest.hex).bind(3, target.package)
    let found = try registered.first { row in
      (name: row.text(0), state: VersionState(rawValue: row.text(1)), reason: row.optionalText(2))
    }
    guard let found else { return .refused("\(name(target)) has no registered version \(digest.short)") }
    if let state = found.state,
      let refusal = VersionRefusal.ofRun(version: found.name, state: state, reason: found.reason)
    {
      return .withdrawn("\(name(target)): \(refusal)")
    }
    let version = Version(name: found.name, digest: digest)
    guard try isDefined(target, version) else { return undefined(target, version) }
    return .version(version, canary: nil, type: type(target))
  }

  private func name(_ target: Target) -> String { "package '\(target.package)' of tenant '\(target.tenant)'" }

  private func type(_ target: Target) -> String { "\(target.package).\(target.workflow)" }

  private func isDefined(_ target: Target, _ version: Version) throws(StoreError) -> Bool {
    defined.bind(1, target.tenant).bind(2, version.digest.hex).bind(3, target.workflow)
    return try defined.first { _ in true } != nil
  }

  private func undefined(_ target: Target, _ version: Version) -> Pin {
    .refused("\(name(target)) has no workflow '\(target.workflow)' in version \(version.name)")
  }

  private func write(
    _ submission: RunSubmission, _ version: Version, _ choice: VersionChoice?, _ type: String, at now: String
  ) throws(StoreError) -> SubmissionOutcome {
    let key = submission.idempotencyKey.map { IdempotencyKey.stored($0, tenant: submission.tenant) }
    insert.bind(1, submission.id.text).bind(2, type).bind(3, text: submission.input).bind(4, submission.priority)
    insert.bind(5, submission.runAt.map(TimestampFormat.sql) ?? now).bind(6, key).bind(7, now)
    insert.bind(8, submission.tenant).bind(9, submission.package).bind(10, submission.workflow)
    let labels = submission.labels.json
    insert.bind(11, version.name).bind(12, version.digest.hex).bind(13, text: labels.isEmpty ? nil : labels)
    insert.bind(14, choice?.rawValue)
    if try insert.execute() == 1 {
      try events.write(submission.id, "created", at: now)
      return .created(submission.id, digest: version.digest)
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
