import WorkflowModel

extension View {
  /// All packages with all their versions.
  var packages: String {
    var table = Table([
      .init("PACKAGE"), .init("VERSION"), .init("STATE"), .init("IN FLIGHT", alignsRight: true), .init("ISOLATION"),
      .init("SIZE", alignsRight: true), .init("REGISTERED (UTC)"), .init("DIGEST"),
    ])
    for item in document["packages"]?.elements ?? [] {
      let state = item["state"]?.text ?? ""
      table.add([
        .init(item["package"]?.text ?? ""), .init(item["version"]?.text ?? ""),
        .init(state, Style.tint(ofVersion: state)), .init(String(number("in_flight", of: item))),
        .init(item["isolation"]?.text ?? ""), .init(Quantity.bytes(item["archive_bytes"]?.integer ?? 0)),
        .init(View.time(item["registered_at"])), .init(digest(item)),
      ])
    }
    return table.text(style) + rules(of: document["packages"]?.elements ?? [])
  }

  var registration: String {
    let name = "\(word("package")) \(word("version"))"
    let what = document["created"]?.bool == false ? "known already" : "registered"
    var text = "\(what)  \(name)  digest \(digest())  \(word("isolation"))\n"
    let activation = document["activation"] ?? .null
    if activation["digest"] == document["digest"] {
      text +=
        "active  \(name)  epoch \(number("epoch", of: activation))\n" + rule(of: activation)
        + swapLines(document["swap"])
    } else if activation != .null {
      text += "active  \(word("package")) \(word("version", of: activation)) still; to change that: "
      text += "\(Grammar.program) package activate \(word("package"))@\(word("version"))\n"
    } else {
      text += "not active; to let runs use it: "
      text += "\(Grammar.program) package activate \(word("package"))@\(word("version"))\n"
    }
    return text
  }

  var activation: String {
    "active  \(word("package")) \(word("version"))  digest \(digest())  epoch \(number("epoch"))\n" + rule(of: document)
      + swapLines(document["swap"])
  }

  var verification: String {
    let workflows = Quantity.count(number("workflow_count"), "workflow")
    return "verified  \(word("package")) \(word("version"))  digest \(digest())  \(workflows)  \(word("file"))\n"
  }

  var build: String {
    let size = Quantity.bytes(document["archive_bytes"]?.integer ?? 0)
    return "built  \(word("package")) \(word("version"))  digest \(digest())  \(size)  \(word("file"))\n"
  }

  var inspection: String {
    var text = style.paint("\(word("package")) \(word("version"))", .bold) + "\n"
    for name in ["description", "author", "digest", "fingerprint", "compiler", "abi"] {
      guard let value = document[name]?.text, !value.isEmpty else { continue }
      text += "  \(name)\(String(repeating: " ", count: 13 - name.count))\(SafeText.line(value))\n"
    }
    if let targets = document["targets"]?.elements, !targets.isEmpty {
      text += "  targets      \(targets.compactMap(\.text).map(SafeText.line).joined(separator: ", "))\n"
    }
    if let permissions = document["permissions"] { text += "  permissions  \(View.permissions(permissions))\n" }
    if let version = document["registered"], version != .null {
      let state = version["active"]?.bool == true ? "active" : "not active"
      text += "  registered   \(View.time(version["registered_at"])) UTC, \(word("isolation", of: version)), \(state)\n"
    }
    var members = Table([.init("MEMBER"), .init("SIZE", alignsRight: true), .init("SHA-256")])
    for member in document["members"]?.elements ?? [] {
      members.add([
        .init(member["path"]?.text ?? ""), .init(Quantity.bytes(member["bytes"]?.integer ?? 0)),
        .init(String((member["sha256"]?.text ?? "").prefix(16))),
      ])
    }
    text += "\n" + members.text(style)
    for workflow in document["workflows"]?.elements ?? [] { text += "\n" + View(workflow, style).policies }
    return text
  }

  /// A workflow with the whole policy of each task.
  private var policies: String {
    let title = "workflow \(word("name"))"
    let description = document["description"]?.text ?? ""
    var text = style.paint(title, .bold) + (description.isEmpty ? "" : "  \(SafeText.line(description))")
    let upgrade = document["upgrade"]?.text == "next-task" ? ", upgrade: next-task" : ""
    text += "  (conflicts: \(word("on_conflict"))\(upgrade))\n"
    if let schema = document["input_schema"], schema != .null { text += "  input  \(View.inputSchema(schema))\n" }
    var table = Table([
      .init("TASK"), .init("AFTER"), .init("ATTEMPTS"), .init("TIMEOUT"), .init("RULE"), .init("MORE"),
    ])
    for task in document["tasks"]?.elements ?? [] {
      table.add([
        .init(task["id"]?.text ?? ""), .init(View.list(task["dependencies"])), .init(View.retry(task["retry"])),
        .init(View.limit(task["timeout_ms"])), .init(task["rule"].flatMap(View.rule) ?? "all succeeded"),
        .init(View.more(task)),
      ])
    }
    return text + table.text(style)
  }

  private static func list(_ value: JSONValue?) -> String {
    let words = value?.elements?.compactMap(\.text) ?? []
    return words.isEmpty ? "–" : words.joined(separator: ", ")
  }

  static func limit(_ value: JSONValue?) -> String {
    guard let limit = value?.integer, limit > 0 else { return "default" }
    return Quantity.duration(milliseconds: limit)
  }

  /// `3, exponential from 100 ms to 60.0 s, on error, timeout`
  static func retry(_ value: JSONValue?) -> String {
    guard let value, let attempts = value["max_attempts"]?.integer, attempts > 1 else { return "1" }
    let base = Quantity.duration(milliseconds: value["base_ms"]?.integer ?? 0)
    let cap = value["cap_ms"]?.integer ?? 0
    var text = "\(attempts), \(value["backoff"]?.text ?? "") from \(base)"
    if cap > 0 { text += " to \(Quantity.duration(milliseconds: cap))" }
    if value["backoff"]?.text == "exponential", let multiplier = value["multiplier_permille"]?.integer {
      text += " ×\(multiplier / 1000)\(multiplier % 1000 == 0 ? "" : ".\(multiplier % 1000 / 100)")"
    }
    if let jitter = value["jitter_permille"]?.integer, jitter > 0 { text += " ±\(jitter / 10) %" }
    return text + ", on \(list(value["retry_on"]))"
  }

  /// `all(succeeded(a), context(mode equal "fast"))`; nil for a task without a rule.
  static func rule(_ value: JSONValue) -> String? {
    guard let kind = value["kind"]?.text else { return nil }
    if let rules = value["rules"]?.elements {
      return "\(kind)(\(rules.map { rule($0) ?? "?" }.joined(separator: ", ")))"
    }
    if let task = value["task"]?.text { return "\(kind)(\(task))" }
    guard let key = value["key"]?.text, let comparison = value["comparison"]?.text else { return kind }
    let operand = comparison == "exists" ? "" : " \(value["value_json"]?.text ?? "")"
    return "\(kind)(\(key) \(comparison)\(operand))"
  }

  private static func more(_ task: JSONValue) -> String {
    var words: [String] = []
    if let tags = task["tags"]?.elements, !tags.isEmpty { words.append("tags \(list(task["tags"]))") }
    if let key = task["concurrency_key"]?.text, !key.isEmpty {
      words.append("at most \(task["concurrency_limit"]?.integer ?? 0) by \(key)")
    }
    if task["defers"]?.bool == true { words.append("defers") }
    if let description = task["description"]?.text, !description.isEmpty { words.append(description) }
    return words.joined(separator: "; ")
  }
}
