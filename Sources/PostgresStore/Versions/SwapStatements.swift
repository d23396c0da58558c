import WorkflowModel
import WorkflowStore

/// Rows of `package_swap`.
enum SwapStatements {
  private static let select = """
    SELECT id, tenant_id, package_name, kind, from_digest, to_digest, version, step, error_code, error, node, actor,
      started_at, step_at, deadline_at, ended_at, steps FROM package_swap
    """

  static let save = Statement(
    name: "recording a swap",
    sql: """
      INSERT INTO package_swap (id, tenant_id, package_name, kind, from_digest, to_digest, version, step, error_code,
        error, node, actor, started_at, step_at, deadline_at, ended_at, steps)
      VALUES ($1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, $8::text, $9::text, $10::text,
        $11::text, $12::text, $13::timestamptz, $14::timestamptz, $15::timestamptz, $16::timestamptz, $17::json)
      ON CONFLICT (id) DO UPDATE SET step = excluded.step, error_code = excluded.error_code, error = excluded.error,
        step_at = excluded.step_at, deadline_at = excluded.deadline_at, ended_at = excluded.ended_at,
        steps = excluded.steps
      """)

  static let byID = Statement(name: "reading a swap", sql: "\(select) WHERE id = $1::text")

  static let open = Statement(
    name: "reading the swaps of a package",
    sql: "\(select) WHERE tenant_id = $1::text AND package_name = $2::text AND ended_at IS NULL ORDER BY seq")

  static let list = Statement(
    name: "listing swaps",
    sql: """
      \(select) WHERE ($1::text IS NULL OR tenant_id = $1::text) AND ($2::text IS NULL OR package_name = $2::text)
        AND (NOT $3::boolean OR ended_at IS NULL)
      ORDER BY seq DESC LIMIT $4::bigint
      """)

  static func values(_ swap: SwapRecord) -> Parameters {
    let parameters = Parameters().add(swap.id).add(swap.tenant).add(swap.package).add(swap.kind.rawValue)
    parameters.add(swap.from?.hex).add(swap.to.hex).add(swap.version).add(swap.step.rawValue)
    parameters.add(swap.failure?.code).add(swap.failure.map { PlainText.storable($0.message) })
    parameters.add(swap.node).add(swap.actor).add(time: swap.startedAt).add(time: swap.stepAt)
    return parameters.add(time: swap.deadlineAt).add(time: swap.endedAt).add(raw: swap.stepsJSON)
  }

  static func record(_ rows: Rows, _ row: Int) throws(StoreError) -> SwapRecord {
    guard let kind = SwapKind(rawValue: rows.text(row, 3)), let step = SwapStep(rawValue: rows.text(row, 7)) else {
      throw StoreError(
        .corrupt, "swap \(rows.text(row, 0)) is of no kind or at no step that there is; run 'cloacina-ctl db check'")
    }
    var record = SwapRecord(
      id: rows.text(row, 0), tenant: rows.text(row, 1), package: rows.text(row, 2), kind: kind,
      from: rows.isNull(row, 4) ? nil : try rows.digest(row, 4), to: try rows.digest(row, 5),
      version: rows.text(row, 6), step: step, node: rows.text(row, 10), actor: rows.text(row, 11),
      startedAt: rows.time(row, 12), stepAt: rows.time(row, 13), deadlineAt: rows.optionalTime(row, 14))
    if let code = rows.optionalText(row, 8) { record.failure = SwapFailure(code: code, message: rows.text(row, 9)) }
    record.endedAt = rows.optionalTime(row, 15)
    record.steps = SwapRecord.steps(json: rows.bytes(row, 16))
    return record
  }

  static func records(_ rows: Rows) throws(StoreError) -> [SwapRecord] {
    try rows.map { row throws(StoreError) in try record(rows, row) }
  }
}
