import WorkflowModel
import WorkflowStore

/// Rows of `package_swap`.
final class SwapRows {
  private let save: Query
  private let byID: Query
  private let open: Query
  private let list: Query

  private static let select = """
    SELECT id, tenant_id, package_name, kind, from_digest, to_digest, version, step, error_code, error, node, actor,
      started_at, step_at, deadline_at, ended_at, steps FROM package_swap
    """

  init(_ connection: Connection) {
    save = connection.query(
      "recording a swap",
      """
      INSERT INTO package_swap (id, tenant_id, package_name, kind, from_digest, to_digest, version, step, error_code,
        error, node, actor, started_at, step_at, deadline_at, ended_at, steps)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17) ON CONFLICT (id)
      DO UPDATE SET step = excluded.step, error_code = excluded.error_code, error = excluded.error,
        step_at = excluded.step_at, deadline_at = excluded.deadline_at, ended_at = excluded.ended_at,
        steps = excluded.steps
      """)
    byID = connection.query("reading a swap", "\(SwapRows.select) WHERE id = ?1")
    open = connection.query(
      "reading the swaps of a package",
      "\(SwapRows.select) WHERE tenant_id = ?1 AND package_name = ?2 AND ended_at IS NULL ORDER BY rowid")
    list = connection.query(
      "listing swaps",
      """
      \(SwapRows.select) WHERE (?1 IS NULL OR tenant_id = ?1) AND (?2 IS NULL OR package_name = ?2)
        AND (NOT ?3 OR ended_at IS NULL)
      ORDER BY rowid DESC LIMIT ?4
      """)
  }

  func save(_ swap: SwapRecord) throws(StoreError) {
    save.bind(1, swap.id).bind(2, swap.tenant).bind(3, swap.package).bind(4, swap.kind.rawValue)
    save.bind(5, swap.from?.hex).bind(6, swap.to.hex).bind(7, swap.version).bind(8, swap.step.rawValue)
    save.bind(9, swap.failure?.code).bind(10, swap.failure?.message).bind(11, swap.node).bind(12, swap.actor)
    save.bind(13, TimestampFormat.sql(swap.startedAt)).bind(14, TimestampFormat.sql(swap.stepAt))
    save.bind(15, swap.deadlineAt.map(TimestampFormat.sql)).bind(16, swap.endedAt.map(TimestampFormat.sql))
    try save.bind(17, text: swap.stepsJSON).execute()
  }

  func swap(_ id: String) throws(StoreError) -> SwapRecord? { try byID.bind(1, id).first(SwapRows.record) }

  func open(_ tenant: String, _ package: String) throws(StoreError) -> [SwapRecord] {
    try open.bind(1, tenant).bind(2, package).all(SwapRows.record)
  }

  func list(_ filter: SwapFilter) throws(StoreError) -> [SwapRecord] {
    list.bind(1, filter.tenant).bind(2, filter.package).bind(3, filter.isOpen ? 1 : 0)
    return try list.bind(4, filter.limit).all(SwapRows.record)
  }

  private static func record(_ row: Query) throws(StoreError) -> SwapRecord {
    guard let kind = SwapKind(rawValue: row.text(3)), let step = SwapStep(rawValue: row.text(7)) else {
      throw StoreError(
        .corrupt, "swap \(row.text(0)) is of no kind or at no step that there is; run 'cloacina-ctl db check'")
    }
    var record = SwapRecord(
      id: row.text(0), tenant: row.text(1), package: row.text(2), kind: kind,
      from: row.isNull(4) ? nil : try row.digest(4), to: try row.digest(5), version: row.text(6), step: step,
      node: row.text(10), actor: row.text(11), startedAt: row.time(12), stepAt: row.time(13),
      deadlineAt: row.optionalTime(14))
    if let code = row.optionalText(8) { record.failure = SwapFailure(code: code, message: row.text(9)) }
    record.endedAt = row.optionalTime(15)
    record.steps = SwapRecord.steps(json: row.bytes(16))
    return record
  }
}
