import WorkflowModel

extension View {
  /// The versions of one package.
  var versions: String {
    var table = Table([
      .init("VERSION"), .init("STATE"), .init("SINCE (UTC)"), .init("ACTIVE SINCE (UTC)"),
      .init("CANARY", alignsRight: true), .init("IN FLIGHT", alignsRight: true), .init("STAGED", alignsRight: true),
      .init("PROBED", alignsRight: true), .init("DIGEST"), .init("REASON"),
    ])
    for item in document["versions"]?.elements ?? [] {
      let state = item["state"]?.text ?? ""
      let ready = number("nodes_ready", of: item)
      table.add([
        .init(item["version"]?.text ?? ""), .init(state, Style.tint(ofVersion: state)),
        .init(View.time(item["state_since"])), .init(View.time(item["active_since"])),
        .init(View.percent(item["canary_percent"])), .init(String(number("in_flight", of: item))),
        .init("\(number("nodes_staged", of: item))/\(ready)"), .init("\(number("nodes_probed", of: item))/\(ready)"),
        .init(digest(item)), .init(item["state_reason"]?.text ?? ""),
      ])
    }
    return table.text(style) + rules(of: document["versions"]?.elements ?? [])
  }

  /// One version after a change.
  var packageState: String {
    let state = word("state")
    var text = "\(word("package")) \(word("version"))  \(style.paint(state, Style.tint(ofVersion: state)))"
    text += "  digest \(digest())  \(Quantity.count(number("in_flight"), "run")) in flight"
    if let reason = document["state_reason"]?.text { text += "  (\(SafeText.line(reason)))" }
    return text + "\n"
  }

  var canary: String {
    if document["ended"]?.bool == true { return "canary ended  \(word("package")) \(word("version"))\n" }
    let share = View.percent(document["percent"])
    return "canary  \(word("package")) \(word("version"))  \(share) of new runs  digest \(digest())\n"
      + rule(ofCanary: document) + swapLines(document["swap"])
  }

  var removal: String {
    let size = Quantity.bytes(document["freed_bytes"]?.integer ?? 0)
    return "removed  \(word("package")) \(word("version"))  digest \(digest())  \(size) freed\n"
  }

  var quarantines: String {
    var table = Table([
      .init("PACKAGE"), .init("VERSION"), .init("DIGEST"), .init("FAILURES", alignsRight: true),
      .init("LAST (UTC)"), .init("UNTIL (UTC)"), .init("CODE"), .init("REASON"),
    ])
    for item in document["quarantines"]?.elements ?? [] {
      table.add([
        .init(item["package"]?.text ?? ""), .init(item["version"]?.text ?? ""), .init(digest(item)),
        .init(String(number("failures", of: item))), .init(View.time(item["last_at"])),
        .init(View.time(item["until"])), .init(item["code"]?.text ?? ""), .init(item["reason"]?.text ?? ""),
      ])
    }
    return table.text(style)
  }

  // MARK: Swaps

  var swaps: String {
    var table = Table([
      .init("STARTED (UTC)"), .init("KIND"), .init("VERSION"), .init("STEP"), .init("TOOK", alignsRight: true),
      .init("NODE"), .init("BY"), .init("STEPS"), .init("ERROR"),
    ])
    for item in document["swaps"]?.elements ?? [] {
      let step = item["step"]?.text ?? ""
      table.add([
        .init(View.time(item["started_at"])), .init(item["kind"]?.text ?? ""), .init(item["version"]?.text ?? ""),
        .init(step, step == "failed" ? .red : step == "done" ? .green : .cyan), .init(View.duration(item)),
        .init(item["node"]?.text ?? ""), .init(item["actor"]?.text ?? ""), .init(View.steps(item)),
        .init([item["error_code"]?.text, item["error"]?.text].compactMap { $0 }.joined(separator: ": ")),
      ])
    }
    return table.text(style)
  }

  /// What there is to say of the swap behind a change; nothing when nothing was swapped.
  func swapLines(_ swap: JSONValue?) -> String {
    guard let swap, swap != .null else { return "" }
    var text = "swap    \(View.steps(swap))\n"
    if swap["step"]?.text == "drain" { text += "        runs of the version before are still in flight on it\n" }
    for warning in swap["warnings"]?.elements?.compactMap(\.text) ?? [] {
      text += style.paint("warning \(SafeText.line(warning))", .yellow) + "\n"
    }
    return text
  }

  /// `verify 1 ms, stage 2 ms, probe 9 ms`
  private static func steps(_ swap: JSONValue) -> String {
    (swap["steps"]?.elements ?? []).map { step in
      "\(step["step"]?.text ?? "") \(View.duration(step))"
    }.joined(separator: ", ")
  }

  /// `12.5 %`; a dash when there is none.
  private static func percent(_ value: JSONValue?) -> String {
    guard let value, value.double != nil else { return "–" }
    return "\(value.json) %"
  }

  // MARK: Audit

  var audit: String {
    var table = Table([
      .init("ID", alignsRight: true), .init("TIME (UTC)"), .init("BY"), .init("NODE"), .init("ACTION"),
      .init("PACKAGE"), .init("VERSION"), .init("DATA"),
    ])
    for item in document["audit"]?.elements ?? [] {
      let data = item["data"].map { $0 == .null ? "" : $0.json } ?? ""
      table.add([
        .init(String(number("id", of: item))), .init(View.time(item["time"])), .init(item["actor"]?.text ?? ""),
        .init(item["node"]?.text ?? ""), .init(item["action"]?.text ?? ""), .init(item["package"]?.text ?? "–"),
        .init(item["version"]?.text ?? "–"), .init(data),
      ])
    }
    return table.text(style)
  }
}

extension Style {
  /// The colour of a version's state.
  static func tint(ofVersion state: String) -> Tint? {
    switch state {
    case "active": .green
    case "draining": .cyan
    case "quarantined": .red
    case "yanked": .yellow
    case "drained", "retired": .dim
    default: nil
    }
  }
}
