import WorkflowModel

extension View {
  /// What would change, by subject; a `!` marks what may break.
  var plan: String {
    let (old, new) = (document["from"] ?? .null, document["to"] ?? .null)
    var text = style.paint(planTitle(old, new), .bold) + "\n"
    if let refusal = document["refusal"]?["message"]?.text {
      text += planLine("REFUSED", style.paint(SafeText.line(refusal), .red))
      if let fix = document["refusal"]?["fix"]?.text { text += planLine("", "fix: \(SafeText.line(fix))") }
    }
    for note in document["notes"]?.elements?.compactMap(\.text) ?? [] {
      text += planLine("NOTE", style.paint(SafeText.line(note), .yellow))
    }
    if document["needs_allow_downgrade"]?.bool == true {
      text += planLine("LOWER", "activating a lower version than the active one needs --allow-downgrade")
    }
    let breaking = (document["changes"]?.elements ?? []).count { $0["breaking"]?.bool == true }
    if breaking > 0 { text += planLine("!", "\(Quantity.count(breaking, "change")) may break what went well so far") }
    for (title, kinds) in View.planSections {
      let changes = (document["changes"]?.elements ?? []).filter { kinds.contains($0["kind"]?.text ?? "") }
      for (index, change) in changes.enumerated() { text += planLine(index == 0 ? title : "", planWords(change)) }
    }
    text += planLine("ABI", "\(word("abi", of: new))   exports \(View.names(new["exports"]))")
    text += planInput(new) + planPermissions(new)
    text += planSchedules + planInFlight(old, new)
    return text + planEnd(old)
  }

  private static let planSections: [(String, Set<String>)] = [
    (
      "WORKFLOWS",
      ["workflow_added", "workflow_removed", "workflow_description", "conflict_policy", "upgrade", "task_order"]
    ),
    ("GRAPH", ["task_added", "task_removed", "task_moved", "rule"]),
    ("POLICY", ["retry", "timeout", "tags", "concurrency", "defers", "task_description"]),
    ("EXPORTS", ["export_added", "export_removed"]),
    ("BUILD", ["abi", "host_abi", "compiler", "fingerprint", "targets", "isolation", "size"]),
    ("ABOUT", ["description", "author"]),
  ]

  private func planTitle(_ old: JSONValue, _ new: JSONValue) -> String {
    let name = word("package")
    let digest = "  digest \(digest(new))  \(Quantity.bytes(new["archive_bytes"]?.integer ?? 0))"
    let known = document["registered"]?.bool == true ? "  registered already" : ""
    switch document["verdict"]?.text {
    case "new": return "\(name) \(word("version", of: new)) (no version is active)\(digest)\(known)"
    case "unchanged": return "\(name) \(word("version", of: new)) is active, byte for byte\(digest)"
    default: return "\(name) \(word("version", of: old)) (active) → \(word("version", of: new))\(digest)\(known)"
    }
  }

  func planLine(_ title: String, _ content: String) -> String {
    style.paint(title, .dim) + String(repeating: " ", count: max(1, 11 - title.count)) + content + "\n"
  }

  /// `! ~ data_processing.load retries 3 → 5`
  private func planWords(_ change: JSONValue) -> String {
    let kind = change["kind"]?.text ?? ""
    let (old, new) = (change["old"] ?? .null, change["new"] ?? .null)
    let isAdded = kind.hasSuffix("_added")
    let sign = isAdded ? "+" : kind.hasSuffix("_removed") ? "-" : "~"
    let place = [change["workflow"]?.text, change["task"]?.text].compactMap { $0 }.joined(separator: ".")
    let isBreaking = change["breaking"]?.bool == true
    let words = isAdded || sign == "-" ? View.wordsOfWhole(kind, isAdded ? new : old) : View.wordsOf(kind, old, new)
    let line = [sign, place, words].filter { !$0.isEmpty }.joined(separator: " ")
    return style.paint((isBreaking ? "! " : "  ") + SafeText.line(line), isBreaking ? .yellow : nil)
  }

  /// What is said of something that is only in one of the versions.
  private static func wordsOfWhole(_ kind: String, _ value: JSONValue) -> String {
    switch kind {
    case "task_added", "task_removed": value.elements?.isEmpty == false ? "after \(names(value))" : "at the start"
    case "workflow_added": Quantity.count(Int(value.integer ?? 0), "task")
    default: value.text ?? ""
    }
  }

  private static func wordsOf(_ kind: String, _ old: JSONValue, _ new: JSONValue) -> String {
    let label = kind.split(separator: "_").last.map(String.init) ?? kind
    switch kind {
    case "task_moved": return "after \(names(old)) → after \(names(new))"
    case "retry": return "attempts \(retry(old)) → \(retry(new))"
    case "timeout": return "timeout \(limit(old)) → \(limit(new))"
    case "rule": return "rule \(rule(old) ?? "all succeeded") → \(rule(new) ?? "all succeeded")"
    case "tags", "targets", "task_order": return "\(label) \(names(old)) → \(names(new))"
    case "concurrency": return "concurrency \(places(old)) → \(places(new))"
    case "size": return "size \(Quantity.bytes(old.integer ?? 0)) → \(Quantity.bytes(new.integer ?? 0))"
    case "fingerprint": return "fingerprint \((old.text ?? "").prefix(12)) → \((new.text ?? "").prefix(12))"
    case "host_abi": return "needs a host of minor version \(old.json) → \(new.json)"
    default: return "\(label) \(old.text ?? old.json) → \(new.text ?? new.json)"
    }
  }

  private static func places(_ value: JSONValue) -> String {
    value == .null ? "free" : "\(value["limit"]?.integer ?? 0) by \(value["key"]?.text ?? "")"
  }

  private static func names(_ value: JSONValue?) -> String {
    let words = value?.elements?.compactMap(\.text) ?? []
    guard words.count > 6 else { return words.isEmpty ? "nothing" : words.joined(separator: ", ") }
    return words.prefix(5).joined(separator: ", ") + " and \(words.count - 5) more"
  }

  private var planSchedules: String {
    (document["schedules"]?.elements ?? []).enumerated().map { index, item in
      let next = item["enabled"]?.bool == true ? "next \(View.time(item["next_run_at"])) UTC" : "disabled"
      let isServed = item["served"]?.bool == true
      let words = "\(word("workflow", of: item)) \(word("schedule", of: item)) \(word("timezone", of: item)), \(next)"
      return planLine(
        index == 0 ? "SCHED" : "",
        isServed
          ? "  \(words), unchanged" : style.paint("! \(words), and the new version has no such workflow", .yellow))
    }.joined()
  }

  private func planEnd(_ old: JSONValue) -> String {
    let isRefused = document["refusal"].map { $0 != .null } ?? false
    if document["verdict"]?.text == "unchanged" || isRefused { return "Nothing was changed.\n" }
    let file = document["file"]?.text ?? "FILE"
    let back = old == .null ? "" : planLine("ROLLBACK", "cloacina-ctl package rollback \(word("package"))")
    return back + "Nothing was changed. Apply: cloacina-ctl package register \(SafeText.line(file)) --activate\n"
  }
}
