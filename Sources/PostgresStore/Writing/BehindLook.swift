import Threading
import WorkflowModel
import WorkflowStore

/// Looks, beside the claims, for runs that they have passed over: put back, given up, inserted late or with a higher
/// priority, of a tenant that had none, or of a version that could not be loaded then.
final class BehindLook {
  /// Runs that one look brings.
  static let limit = 10_000

  /// What a look found, and for what it looked.
  struct Found: Sendable {
    /// By priority, and the tenants in turns.
    var runs: [UUIDBits]
    var digests: Set<PackageDigest>?
    var types: [String]
  }

  /// Up to the cursor in each tenant's queue; of a tenant that has none, all of it. Every tenant has an equal part.
  private static let statement = Statement(
    name: "looking for runs left behind",
    sql: """
      WITH RECURSIVE \(Claims.tenants)
      SELECT b.id FROM found AS f
      LEFT JOIN unnest($4::text[], $5::bigint[], $6::timestamptz[], $7::uuid[]) AS c (tenant, priority, created_at, id)
        ON c.tenant = f.tenant
      CROSS JOIN LATERAL (
        SELECT q.*, row_number() OVER (ORDER BY q.priority, q.created_at, q.id) AS turn FROM (
          SELECT r.id, r.priority, r.created_at FROM workflow_run AS r
          WHERE \(Claims.ready) AND r.tenant_id = f.tenant
            AND (r.priority, r.created_at, r.id) <= (coalesce(c.priority, 9223372036854775807),
              coalesce(c.created_at, 'infinity'), coalesce(c.id, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
            AND ($2::text[] IS NULL OR r.package_digest = ANY ($2::text[]))
            AND ($3::text[] IS NULL OR r.type LIKE ANY ($3::text[]))
          ORDER BY r.priority, r.created_at, r.id
          LIMIT greatest(1, $1::bigint / (SELECT count(tenant) FROM found))) AS q) AS b
      WHERE f.tenant IS NOT NULL
      ORDER BY b.priority, b.turn, b.created_at, b.id LIMIT $1::bigint
      """)

  private let scout: Scout<Found>

  init(connect: @escaping @Sendable () throws(StoreError) -> Connection) {
    scout = Scout("claim-scout", connect: connect)
  }

  func close() { scout.close() }

  var isOut: Bool { scout.isOut }

  /// Starts a look; false when one is under way.
  func send(_ cursors: [String: Claims.Cursor], _ request: ClaimRequest) -> Bool {
    let (digests, types) = (request.digests, request.types)
    return scout.send { connection throws(PostgresFailure) in
      let parameters = Parameters().add(Int64(BehindLook.limit)).addOptional(texts: digests?.map(\.hex))
        .addOptional(texts: types.isEmpty ? nil : types)
      BehindLook.add(cursors, to: parameters)
      let rows = try connection.run([Command(BehindLook.statement, parameters)])[0]
      return Found(runs: (0..<rows.count).map { rows.id($0, 0) }, digests: digests, types: types)
    }
  }

  /// What the last look brought, once.
  func report() -> Scout<Found>.Report? { scout.report(until: 0) }

  /// The cursors as four arrays.
  static func add(_ cursors: [String: Claims.Cursor], to parameters: Parameters) {
    let known = cursors.map { $0 }
    parameters.add(texts: known.map(\.key)).add(numbers: known.map(\.value.priority))
      .add(microseconds: known.map(\.value.createdAt)).add(ids: known.map(\.value.id))
  }
}
