import WorkflowModel
import WorkflowStore

/// Changes of the states of versions, and of what is active.
enum VersionStatements {
  static let setState = Statement(
    name: "recording the state of a version",
    sql: """
      UPDATE package SET state = $3::text, state_since = $4::timestamptz, state_reason = $5::text
      WHERE tenant_id = $1::text AND digest = $2::text
      """)

  static let concerned = Statement(
    name: "reading the versions that an activation concerns",
    sql: """
      SELECT \(PackageQuestions.columns) FROM package AS p WHERE p.tenant_id = $1::text AND p.digest IN (
        $3::text, (SELECT a.digest FROM activation AS a WHERE a.tenant_id = $1::text AND a.package_name = $2::text))
      """)

  static let lastEpoch = Statement(
    name: "reading the last epoch",
    sql: """
      SELECT coalesce(max(epoch), 0) FROM activation_change WHERE tenant_id = $1::text AND package_name = $2::text
      """)

  static let returned = Statement(
    name: "looking for what a roll back returns to",
    sql: """
      SELECT c.version, c.digest, c.previous_epoch FROM activation_return AS r JOIN activation_change AS c
        ON c.tenant_id = r.tenant_id AND c.package_name = r.package_name AND c.epoch = r.epoch
      WHERE r.tenant_id = $1::text AND r.package_name = $2::text
      """)

  /// Runs are compared with this time, so it is that of the writing: the package's lock may have been waited for.
  static let recordChange = Statement(
    name: "recording an activation",
    sql: """
      INSERT INTO activation_change (tenant_id, package_name, epoch, version, digest, previous_epoch, activated_at)
      VALUES ($1::text, $2::text, $3::bigint, $4::text, $5::text, $6::bigint,
        coalesce($7::timestamptz, clock_timestamp()))
      """)

  static let setActive = Statement(
    name: "activating a version",
    sql: """
      INSERT INTO activation (tenant_id, package_name, epoch, version, digest)
      VALUES ($1::text, $2::text, $3::bigint, $4::text, $5::text) ON CONFLICT (tenant_id, package_name)
      DO UPDATE SET epoch = excluded.epoch, version = excluded.version, digest = excluded.digest
      """)

  static let deleteActive = Statement(
    name: "taking a version out of service",
    sql: "DELETE FROM activation WHERE tenant_id = $1::text AND package_name = $2::text")

  // MARK: Removing

  static let inFlight = Statement(
    name: "counting the runs of a version",
    sql: """
      SELECT count(*) FROM (\(SettlingStatements.openRuns)) AS r
      WHERE tenant_id = $1::text AND package_digest = $2::text
      """)

  /// Registrations that are about to refer to a piece of an archive end first, and later ones begin afterwards.
  static let lockPieces = Statement(
    name: "locking archives", sql: "LOCK TABLE package_chunk IN SHARE ROW EXCLUSIVE MODE")

  /// Whoever waits for a table lets everybody else wait behind it: so not for long.
  static let patience = Statement(name: "waiting for runs", sql: "SET LOCAL lock_timeout = '100ms'")

  /// Waits until no transaction that may have pinned a run is open, and keeps others from it.
  static let lockRuns = Statement(name: "locking runs", sql: "LOCK TABLE workflow_run IN SHARE MODE")

  static let deleteDefinitions = Statement(
    name: "removing definitions",
    sql: "DELETE FROM workflow_definition WHERE tenant_id = $1::text AND package_digest = $2::text")

  static let deletePackage = Statement(
    name: "removing a version", sql: "DELETE FROM package WHERE tenant_id = $1::text AND digest = $2::text")

  /// The archive, unless another tenant has it too, and of its pieces those that no other archive has.
  static let deleteArchive = Statement(
    name: "removing an archive",
    sql: """
      WITH gone AS (
        DELETE FROM package_blob AS b WHERE digest = $1::text
          AND NOT EXISTS (SELECT 1 FROM package AS p WHERE p.digest = b.digest)
        RETURNING chunk
      ), unstaged AS (
        DELETE FROM node_package WHERE digest = $1::text AND EXISTS (SELECT 1 FROM gone)
      )
      SELECT DISTINCT chunk FROM gone
      """)

  static let deletePieces = Statement(
    name: "removing pieces of archives",
    sql: """
      WITH gone AS (
        DELETE FROM package_chunk AS c WHERE digest = ANY ($1::text[])
          AND NOT EXISTS (SELECT 1 FROM package_blob AS b WHERE b.chunk = c.digest)
        RETURNING octet_length(bytes) AS count
      )
      SELECT coalesce(sum(count), 0)::bigint FROM gone
      """)
}
