import WorkflowModel
import WorkflowStore

/// A condition on rows of `workflow_run` and the values it is bound to: nothing that somebody wrote is in its text.
struct RunQuerySQL {
  enum Value {
    case text(String)
    case number(Int64)
  }

  private(set) var conditions: [String] = []
  private(set) var values: [Value] = []

  /// What lists and counts ask for beside the limit.
  init(_ filter: RunFilter) {
    conditions = ["deleted_at IS NULL"]
    require("tenant_id =", filter.tenant)
    require("type =", filter.type)
    require("package_name =", filter.package)
    require("package_version =", filter.version)
    if let status = filter.status { conditions.append(RunRow.condition(status)) }
    if let query = filter.query { conditions.append(condition(query)) }
  }

  /// Only rows that were inserted before this run's.
  mutating func before(_ run: RunID?) {
    guard let run else { return }
    conditions.append("rowid < (SELECT rowid FROM workflow_run WHERE id = \(bound(.text(run.text))))")
  }

  var condition: String { conditions.joined(separator: " AND ") }

  func bind(_ query: Query) -> Query {
    for (index, value) in values.enumerated() {
      switch value {
      case .text(let text): query.bind(Int32(index + 1), text)
      case .number(let number): query.bind(Int32(index + 1), number)
      }
    }
    return query
  }

  private mutating func require(_ condition: String, _ value: String?) {
    if let value { conditions.append("\(condition) \(bound(.text(value)))") }
  }

  private mutating func bound(_ value: Value) -> String {
    values.append(value)
    return "?\(values.count)"
  }

  /// True or false of every row, never NULL.
  private mutating func condition(_ query: RunQuery) -> String {
    switch query {
    case .all(let parts): return joined(parts, "AND")
    case .any(let parts): return joined(parts, "OR")
    case .not(let part): return "(NOT \(condition(part)))"
    case .text(let text, .isOneOf(let values)):
      let column = column(text)
      let list = values.map { bound(.text($0)) }.joined(separator: ", ")
      return "coalesce(\(column) IN (\(list)), 0)"
    case .text(let text, .contains(let part)):
      let column = column(text)
      return "coalesce(instr(\(column), \(bound(.text(part)))) > 0, 0)"
    case .time(let time, let order, let value):
      let bound = bound(.text(TimestampFormat.sql(value)))
      return "coalesce(\(RunQuerySQL.column(time)) \(order.rawValue) \(bound), 0)"
    case .priority(let order, let value): return "(priority \(order.rawValue) \(bound(.number(value))))"
    case .hasActiveVersion:
      return """
        EXISTS (SELECT 1 FROM activation AS a WHERE a.tenant_id = workflow_run.tenant_id
          AND a.package_name = workflow_run.package_name AND a.digest = workflow_run.package_digest)
        """
    }
  }

  private mutating func joined(_ parts: [RunQuery], _ word: String) -> String {
    var texts: [String] = []
    for part in parts { texts.append(condition(part)) }
    return "(\(texts.joined(separator: " \(word) ")))"
  }

  private mutating func column(_ text: RunQuery.RunText) -> String {
    switch text {
    case .workflow: "coalesce(workflow_name, substr(type, instr(type, '.') + 1))"
    case .package: "coalesce(package_name, substr(type, 1, instr(type, '.') - 1))"
    case .type: "type"
    case .status: "status"
    case .version: "package_version"
    case .error: "last_error"
    case .errorClass: "error_class"
    case .id: "id"
    case .label(let name):
      """
      CASE WHEN json_valid(labels) THEN (SELECT value FROM json_each(labels) WHERE key = \(bound(.text(name)))) END
      """
    }
  }

  private static func column(_ time: RunQuery.RunTime) -> String {
    switch time {
    case .created: "created_at"
    case .started: "started_at"
    case .ended: "completed_at"
    }
  }
}
