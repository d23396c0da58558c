import Threading
import WorkflowModel
import WorkflowStore

/// Looks, beside the claims, for runs that they have passed over: put back, given up, inserted late or with a higher
/// priority, of a tenant that had none, or of a version that could not be loaded then.
final class BehindLook {
  /// Runs that one look brings.
  static let limit = 10_000

  /// Up to the cursor in each tenant's queue; of a tenant that has none, all of it.
  private static let statement = Statement(
    name: "looking for runs left behind",
    sql: """
      WITH RECURSIVE \(Claims.tenants)
      SELECT b.id FROM found AS f
      LEFT JOIN unnest($4::text[], $5::bigint[], $6::timestamptz[], $7::uuid[]) AS c (tenant, priority, created_at, id)
        ON c.tenant = f.tenant
      CROSS JOIN LATERAL (
        SELECT r.id FROM workflow_run AS r
        WHERE \(Claims.ready) AND r.tenant_id = f.tenant
          AND (r.priority, r.created_at, r.id) <= (coalesce(c.priority, 9223372036854775807),
            coalesce(c.created_at, 'infinity'), coalesce(c.id, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
          AND ($2::text[] IS NULL OR r.package_digest = ANY ($2::text[]))
          AND ($3::text[] IS NULL OR r.type LIKE ANY ($3::text[]))
        ORDER BY r.priority, r.created_at, r.id LIMIT $1::bigint) AS b
      WHERE f.tenant IS NOT NULL LIMIT $1::bigint
      """)

  private let scout: Scout<[UUIDBits]>

  init(connect: @escaping @Sendable () throws(StoreError) -> Connection) {
    scout = Scout("claim-scout", connect: connect)
  }

  func close() { scout.close() }

  /// Starts a look, unless one is under way.
  func send(_ cursors: [String: Claims.Cursor], _ request: ClaimRequest) {
    let (digests, types) = (request.digests?.map(\.hex), request.types.isEmpty ? nil : request.types)
    scout.send { connection throws(PostgresFailure) in
      let parameters = Parameters().add(Int64(BehindLook.limit)).addOptional(texts: digests).addOptional(texts: types)
      BehindLook.add(cursors, to: parameters)
      let rows = try connection.run([Command(BehindLook.statement, parameters)])[0]
      return (0..<rows.count).map { rows.id($0, 0) }
    }
  }

  /// What the last look brought, once.
  func report() -> Scout<[UUIDBits]>.Report? { scout.report(until: 0) }

  /// The cursors as four arrays.
  static func add(_ cursors: [String: Claims.Cursor], to parameters: Parameters) {
    let known = cursors.map { $0 }
    parameters.add(texts: known.map(\.key)).add(numbers: known.map(\.value.priority))
      .add(microseconds: known.map(\.value.createdAt)).add(ids: known.map(\.value.id))
  }
}
