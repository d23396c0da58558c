import WorkflowModel
import WorkflowStore

/// All that an activation depends on, as a text that the database makes: the same before and under the lock of a
/// package, unless somebody has changed something in between.
struct PackageStamp {
  let tenant: String
  let package: String
  /// The version that is asked for.
  let digest: PackageDigest?
  /// The swap that asks for it.
  let swap: String?

  private static let text = """
    format('%s|%s|%s|%s|%s|%s',
      (SELECT concat_ws(':', epoch, digest) FROM activation WHERE tenant_id = $1::text AND package_name = $2::text),
      (SELECT max(epoch) FROM activation_change WHERE tenant_id = $1::text AND package_name = $2::text),
      (SELECT concat_ws(':', digest, parts, since, rule_epoch) FROM activation_canary
        WHERE tenant_id = $1::text AND package_name = $2::text),
      (SELECT string_agg(concat_ws(':', digest, name, state, state_since, state_reason), ',' ORDER BY digest)
        FROM package WHERE tenant_id = $1::text AND digest IN ($3::text,
          (SELECT digest FROM activation WHERE tenant_id = $1::text AND package_name = $2::text))),
      (SELECT concat_ws(':', step, step_at) FROM package_swap WHERE id = $4::text),
      (SELECT string_agg(concat_ws(':', id, step, step_at), ',' ORDER BY seq) FROM package_swap
        WHERE tenant_id = $1::text AND package_name = $2::text AND ended_at IS NULL))
    """

  private static let reading = Statement(name: "reading the stamp of a package", sql: "SELECT \(text)")

  /// Ends the transaction with an error, and all that was sent along with it, when the stamp is another one.
  private static let checking = Statement(
    name: "checking the stamp of a package", sql: "SELECT 1 / CASE WHEN \(text) = $5::text THEN 1 ELSE 0 END")

  private var parameters: Parameters { Parameters().add(tenant).add(package).add(digest?.hex).add(swap) }

  var asked: Command { Command(PackageStamp.reading, parameters) }

  func checked(_ stamp: String) -> Command { Command(PackageStamp.checking, parameters.add(stamp)) }

  /// Whether a failure is ``checked(_:)`` finding another stamp.
  static func isRefusal(_ failure: PostgresFailure) -> Bool {
    guard case .refused(state: "22012", _, let statement) = failure else { return false }
    return statement == checking.name
  }
}
