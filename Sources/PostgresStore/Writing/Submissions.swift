import WorkflowModel
import WorkflowStore

/// Inserts runs, each pinned to the version that is active in this very statement, or to its canary.
struct Submissions {
  /// What a submission asks for; equal ones are looked up once in a batch.
  private struct Target: Hashable {
    var tenant: String
    var package: String
    var workflow: String
    var digest: PackageDigest?
  }

  /// What is asked for, which version serves it now, and which one takes a share of it.
  private static func target(_ asked: String) -> String {
    """
    SELECT t.ord, t.tenant, t.package, t.workflow, p.version, p.digest, p.state, p.state_reason,
      d.name IS NOT NULL AND coalesce(p.state NOT IN (\(closed)), true) AS is_defined,
      canary.version AS canary_version, canary.digest AS canary_digest, canary.parts, t.digest IS NOT NULL AS is_asked
    FROM unnest(\(asked)) WITH ORDINALITY AS t (tenant, package, workflow, digest, ord)
    LEFT JOIN LATERAL (
      SELECT a.version, a.digest, NULL::text AS state, NULL::text AS state_reason FROM activation AS a
      WHERE t.digest IS NULL AND a.tenant_id = t.tenant AND a.package_name = t.package
      UNION ALL
      SELECT k.version, k.digest, k.state, k.state_reason FROM package AS k
      WHERE t.digest IS NOT NULL AND k.tenant_id = t.tenant AND k.digest = t.digest AND k.name = t.package
    ) AS p ON true
    LEFT JOIN workflow_definition AS d
      ON d.tenant_id = t.tenant AND d.package_digest = p.digest AND d.name = t.workflow
    LEFT JOIN LATERAL (
      SELECT c.version, c.digest, c.parts FROM activation_canary AS c
      JOIN workflow_definition AS cd
        ON cd.tenant_id = c.tenant_id AND cd.package_digest = c.digest AND cd.name = t.workflow
      WHERE t.digest IS NULL AND c.tenant_id = t.tenant AND c.package_name = t.package
    ) AS canary ON true
    """
  }

  /// States of versions that not even a run that asks for one gets.
  private static let closed = VersionState.allCases.filter { !$0.takesRequestedRuns }.map { "'\($0.rawValue)'" }
    .joined(separator: ", ")

  /// `found` of the version a run is pinned to.
  private static func pin(_ column: String) -> String {
    """
    CASE WHEN t.parts IS NULL THEN t.\(column)
      WHEN \(CanaryStatements.draw("s.id")) < t.parts THEN t.canary_\(column) ELSE t.\(column) END
    """
  }

  /// What gave it that version, if it is not the active one that did.
  private static let choice = """
    CASE WHEN t.is_asked THEN '\(VersionChoice.request.rawValue)' WHEN t.parts IS NULL THEN NULL
      WHEN \(CanaryStatements.draw("s.id")) < t.parts THEN '\(VersionChoice.canary.rawValue)' END
    """

  private static let targets = Statement(
    name: "looking for what is asked for",
    sql: """
      SELECT ord, version, digest, is_defined, state, state_reason, canary_digest, parts
      FROM (\(target("$1::text[], $2::text[], $3::text[], $4::text[]"))) AS target
      """)

  private static let insert = Statement(
    name: "inserting runs",
    sql: """
      WITH target AS MATERIALIZED (
        \(target("$8::text[], $9::text[], $10::text[], $11::text[]"))
      ), added AS (
        INSERT INTO workflow_run (id, type, payload, priority, run_at, is_due, idempotency_key, created_at, updated_at,
          tenant_id, package_name, workflow_name, package_version, package_digest, labels, version_choice)
        SELECT s.id, t.package || '.' || t.workflow, s.payload, s.priority, coalesce(s.run_at, \(Statement.now)),
          coalesce(s.run_at <= \(Statement.now), true), s.key, \(Statement.now), \(Statement.now), t.tenant, t.package,
          t.workflow, \(pin("version")), \(pin("digest")), s.labels, \(choice)
        FROM unnest($2::uuid[], $3::bigint[], $4::json[], $5::bigint[], $6::timestamptz[], $7::text[], $12::json[])
          AS s (id, target, payload, priority, run_at, key, labels)
        JOIN target AS t ON t.ord = s.target
        WHERE t.is_defined
        ON CONFLICT DO NOTHING
        RETURNING id
      ), created AS (
        INSERT INTO workflow_event (workflow_id, event_type, created_at)
        SELECT id, 'created', \(Statement.now) FROM added
      )
      SELECT ord, version, digest, is_defined, state, state_reason, canary_digest, parts, NULL::uuid FROM target
      UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, id FROM added
      """)

  private static let existing = Statement(
    name: "looking for existing runs",
    sql: """
      SELECT s.ord, by_key.id, by_id.tenant_id
      FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS s (id, key, ord)
      LEFT JOIN workflow_run AS by_key ON by_key.idempotency_key = s.key
      LEFT JOIN workflow_run AS by_id ON by_id.id = s.id
      ORDER BY s.ord
      """)

  static func step(_ submissions: [RunSubmission], _ now: Timestamp?) -> Step {
    let (places, ordered) = places(submissions)
    let parameters = Parameters()
    parameters.add(time: now)
    parameters.add(ids: submissions.map { bits($0.id) })
    parameters.add(numbers: places)
    parameters.add(raws: submissions.map(\.input), of: .json)
    parameters.add(numbers: submissions.map { Int64($0.priority) })
    parameters.add(times: submissions.map(\.runAt))
    parameters.add(texts: submissions.map(storedKey))
    add(ordered, to: parameters)
    parameters.add(raws: submissions.map(\.labels.json), of: .json)
    return Step(insert, parameters) { rows, outcome throws(StoreError) in
      outcome.submissions = try read(rows, submissions, places)
    }
  }

  /// What became of submissions of which these were created, by their ids.
  static func outcomes(
    of submissions: [RunSubmission], created: [UUIDBits: PackageDigest], _ connection: Connection
  ) throws(StoreError) -> [SubmissionOutcome] {
    let (places, ordered) = places(submissions)
    let parameters = Parameters()
    add(ordered, to: parameters)
    let versions = try versions(try connection.ask(targets, parameters))
    var created = created
    return zip(submissions, places).map { submission, place in
      if let digest = created.removeValue(forKey: bits(submission.id)) {
        return .created(submission.id, digest: digest)
      }
      return refusal(of: submission, versions[place]) ?? .existing(submission.id)
    }
  }

  /// What is asked for, each once, and where in that list each submission finds its own, counted from 1.
  private static func places(_ submissions: [RunSubmission]) -> (places: [Int64], targets: [Target]) {
    var targets: [Target: Int64] = [:]
    var ordered: [Target] = []
    let places = submissions.map { submission -> Int64 in
      // What is no UUID has no target and is refused below.
      guard UUIDBits(submission.id) != nil else { return 0 }
      let target = Target(
        tenant: submission.tenant, package: submission.package, workflow: submission.workflow,
        digest: submission.digest)
      if let known = targets[target] { return known }
      ordered.append(target)
      targets[target] = Int64(ordered.count)
      return Int64(ordered.count)
    }
    return (places, ordered)
  }

  private static func add(_ targets: [Target], to parameters: Parameters) {
    parameters.add(texts: targets.map(\.tenant))
    parameters.add(texts: targets.map(\.package))
    parameters.add(texts: targets.map(\.workflow))
    parameters.add(texts: targets.map { $0.digest?.hex })
  }

  private static func storedKey(_ submission: RunSubmission) -> String? {
    submission.idempotencyKey.map { IdempotencyKey.stored($0, tenant: submission.tenant) }
  }

  private struct Version {
    var name: String?
    var digest: PackageDigest?
    /// Whether it has the workflow that is asked for, and takes it.
    var isDefined: Bool
    /// Why it takes no run, not even one that asks for it.
    var refusal: String?
    var canary: (digest: PackageDigest, share: CanaryShare)?

    /// What a run that comes in is pinned to.
    func digest(for run: RunID) -> PackageDigest? {
      if let canary, canary.share.takes(run) { canary.digest } else { digest }
    }
  }

  private static func versions(_ rows: Rows) throws(StoreError) -> [Int64: Version] {
    var versions: [Int64: Version] = [:]
    for row in 0..<rows.count where !rows.isNull(row, 0) {
      var version = Version(
        name: rows.optionalText(row, 1), digest: rows.isNull(row, 2) ? nil : try rows.digest(row, 2),
        isDefined: rows.flag(row, 3))
      if let state = rows.optionalText(row, 4).flatMap(VersionState.init(rawValue:)) {
        version.refusal = VersionRefusal.ofRun(
          version: version.name ?? "", state: state, reason: rows.optionalText(row, 5))
      }
      if !rows.isNull(row, 6), let share = CanaryShare(parts: Int(rows.int(row, 7))) {
        version.canary = (try rows.digest(row, 6), share)
      }
      versions[rows.int(row, 0)] = version
    }
    return versions
  }

  /// Those that neither came in nor were refused are named `.existing` with their own id until `settle`.
  private static func read(
    _ rows: Rows, _ submissions: [RunSubmission], _ places: [Int64]
  ) throws(StoreError) -> [SubmissionOutcome] {
    let versions = try versions(rows)
    var added: Set<UUIDBits> = []
    for row in 0..<rows.count where rows.isNull(row, 0) { added.insert(rows.id(row, 8)) }
    return zip(submissions, places).map { submission, place in
      if let refusal = refusal(of: submission, versions[place]) { return refusal }
      // Removed, so that the same id a second time in the batch exists already.
      guard let digest = versions[place]?.digest(for: submission.id), added.remove(bits(submission.id)) != nil else {
        return .existing(submission.id)
      }
      return .created(submission.id, digest: digest)
    }
  }

  private static func refusal(of submission: RunSubmission, _ version: Version?) -> SubmissionOutcome? {
    guard let version else {
      return .refused("the run id '\(submission.id)' is no UUID; use one, or leave the choice to the engine")
    }
    let name = "package '\(submission.package)' of tenant '\(submission.tenant)'"
    guard let versionName = version.name else {
      if let digest = submission.digest { return .refused("\(name) has no registered version \(digest.short)") }
      return .refused("\(name) has no active version; activate one")
    }
    if let refusal = version.refusal { return .withdrawn("\(name): \(refusal)") }
    if version.isDefined { return nil }
    return .refused("\(name) has no workflow '\(submission.workflow)' in version \(versionName)")
  }

  /// Finds the runs that were in the way of those that did not come in. To be done once the batch is committed.
  static func settle(
    _ outcomes: inout [SubmissionOutcome], _ submissions: [RunSubmission], _ connection: Connection
  ) throws(PostgresFailure) {
    let open = outcomes.indices.filter { if case .existing = outcomes[$0] { true } else { false } }
    guard !open.isEmpty else { return }
    let parameters = Parameters()
    parameters.add(ids: open.map { bits(submissions[$0].id) })
    parameters.add(texts: open.map { storedKey(submissions[$0]) })
    let rows = try connection.run([Command(existing, parameters)])[0]
    for (row, place) in open.enumerated() {
      let submission = submissions[place]
      if !rows.isNull(row, 1) {
        outcomes[place] = .existing(rows.id(row, 1).run)
      } else if rows.optionalText(row, 2) != submission.tenant {
        outcomes[place] = .refused("the run id '\(submission.id)' belongs to another tenant; choose another id")
      }
    }
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
