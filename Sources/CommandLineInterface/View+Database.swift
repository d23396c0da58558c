import WorkflowModel

extension View {
  var schema: String {
    var table = Table([.init("MIGRATION", alignsRight: true), .init("NAME"), .init("APPLIED (UTC)"), .init("CHECKSUM")])
    for migration in document["migrations"]?.elements ?? [] {
      table.add([
        .init(String(migration["number"]?.integer ?? 0)), .init(migration["name"]?.text ?? ""),
        .init(View.time(migration["applied_at"])), .init(String((migration["checksum"]?.text ?? "").prefix(12))),
      ])
    }
    return "\(word("engine"))  \(word("location"))\n" + table.text(style)
  }

  /// The steps, and under each its SQL when that was asked for.
  var migrationPlan: String {
    let steps = document["steps"]?.elements ?? []
    let pending = steps.filter { $0["applied"]?.bool == false }.count
    let what = pending == 0 ? "is up to date" : "lacks \(Quantity.count(pending, "migration"))"
    var text = "\(word("database")) \(what); nothing was changed\n"
    let hasSQL = steps.contains { $0["sql"]?.text != nil }
    var table = Table([.init("MIGRATION", alignsRight: true), .init("NAME"), .init("STATE"), .init("CHECKSUM")])
    for step in steps {
      let isApplied = step["applied"]?.bool == true
      table.add([
        .init(String(step["number"]?.integer ?? 0)), .init(step["name"]?.text ?? ""),
        .init(isApplied ? "applied" : "pending", isApplied ? .dim : .yellow),
        .init(String((step["checksum"]?.text ?? "").prefix(12))),
      ])
    }
    text += table.text(style)
    guard hasSQL else { return text }
    for step in steps {
      text += "\n-- \(step["number"]?.integer ?? 0): \(SafeText.line(step["name"]?.text ?? ""))\n"
      let lines = (step["sql"]?.text ?? "").split(separator: "\n", omittingEmptySubsequences: false)
      text += lines.map { SafeText.line(String($0)) + "\n" }.joined()
    }
    return text
  }

  var check: String {
    let faults = document["faults"]?.elements?.compactMap(\.text) ?? []
    if faults.isEmpty { return "\(style.paint("sound", .green))  no fault found\n" }
    return faults.map { "\(style.paint("fault", .red))  \(SafeText.line($0))\n" }.joined()
  }
}
