import WorkflowModel

/// A condition on rows `r` of `workflow_run`, whose values are added to the parameters of its statement: nothing that
/// somebody wrote is in its text.
struct RunQuerySQL {
  let parameters: Parameters

  /// True or false of every row, never NULL.
  func condition(_ query: RunQuery) -> String {
    switch query {
    case .all(let parts): return "(\(parts.map(condition).joined(separator: " AND ")))"
    case .any(let parts): return "(\(parts.map(condition).joined(separator: " OR ")))"
    case .not(let part): return "(NOT \(condition(part)))"
    case .text(.id, .isOneOf(let texts)):
      // By the key; what is no id is no run's.
      parameters.add(ids: texts.compactMap { UUIDBits(RunID($0)) })
      return "(r.id = ANY (\(last)::uuid[]))"
    case .text(let text, .isOneOf(let texts)):
      let column = column(text)
      parameters.add(texts: texts)
      return "coalesce(\(column) = ANY (\(last)::text[]), false)"
    case .text(let text, .contains(let part)):
      let column = column(text)
      parameters.add(part)
      return "coalesce(strpos(\(column), \(last)::text) > 0, false)"
    case .time(let time, let order, let value):
      parameters.add(time: value)
      return "coalesce(\(RunQuerySQL.column(time)) \(order.rawValue) \(last)::timestamptz, false)"
    case .priority(let order, let value):
      parameters.add(value)
      return "(r.priority \(order.rawValue) \(last)::bigint)"
    case .hasActiveVersion:
      return """
        EXISTS (SELECT 1 FROM activation AS a WHERE a.tenant_id = r.tenant_id AND a.package_name = r.package_name
          AND a.digest = r.package_digest)
        """
    }
  }

  private var last: String { "$\(parameters.spans.count)" }

  private func column(_ text: RunQuery.RunText) -> String {
    switch text {
    case .workflow: return "coalesce(r.workflow_name, substr(r.type, strpos(r.type, '.') + 1))"
    case .package: return "coalesce(r.package_name, split_part(r.type, '.', 1))"
    case .type: return "r.type"
    case .status: return "r.status"
    case .version: return "r.package_version"
    case .error: return "r.last_error"
    case .errorClass: return "r.error_class"
    case .id: return "r.id::text"
    case .label(let name):
      parameters.add(name)
      return "CASE json_typeof(r.labels) WHEN 'object' THEN r.labels ->> \(last)::text END"
    }
  }

  private static func column(_ time: RunQuery.RunTime) -> String {
    switch time {
    case .created: "r.created_at"
    case .started: "r.started_at"
    case .ended: "r.completed_at"
    }
  }
}

extension RunQuestions {
  private static let filter = """
    r.deleted_at IS NULL
      AND ($1::text IS NULL OR r.tenant_id = $1::text) AND ($2::text IS NULL OR r.status = $2::text)
      AND ($3::text IS NULL OR r.type = $3::text) AND ($4::text IS NULL OR r.package_name = $4::text)
      AND ($5::text IS NULL OR r.package_version = $5::text)
    """

  /// Newest first; parameters are those of `list`, then the query's.
  static func list(_ query: RunQuery, _ parameters: Parameters) -> Statement {
    let condition = RunQuerySQL(parameters: parameters).condition(query)
    return Statement(
      name: "listing runs by a query",
      sql: """
        \(select) WHERE \(filter) AND ($6::uuid IS NULL OR r.id < $6::uuid) AND \(condition)
        ORDER BY r.id DESC LIMIT $7::bigint
        """, isKept: false)
  }

  /// Parameters 1 to 5 are those of `list`, then come the query's.
  static func count(_ query: RunQuery?, _ parameters: Parameters) -> Statement {
    let condition = query.map { " AND \(RunQuerySQL(parameters: parameters).condition($0))" } ?? ""
    return Statement(
      name: "counting runs by a query", sql: "SELECT count(*) FROM workflow_run AS r WHERE \(filter)\(condition)",
      isKept: false)
  }
}
