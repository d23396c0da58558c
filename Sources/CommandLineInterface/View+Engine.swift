import WorkflowModel

extension View {
  var status: String {
    let daemon = document["daemon"] ?? .null
    let living = (document["nodes"]?.elements ?? []).filter { $0["alive"]?.bool == true }
    let others = living.isEmpty ? "no daemon" : Quantity.count(living.count, "node")
    let who = daemon == .null ? others : "node \(word("node"))  pid \(number("process_id", of: daemon))"
    var text = style.paint("cloacina \(word("version"))", .bold)
    text += "  \(word("engine"))  \(word("database"))  \(who)\n"
    if daemon != .null { text += "  since \(View.time(document["started_at"])) UTC\n" }
    text += section("RUNS", runCounts)
    // Without a daemon there is nothing to say of the command's own process: it is the nodes that work.
    let isHere = daemon != .null || living.isEmpty
    let sources = isHere ? [document] : living
    func sum(_ name: String) -> Int { sources.reduce(0) { $0 + number(name, of: $1) } }
    text += section("SLOTS", "\(sum("slots_busy")) of \(sum("slots")) busy, \(sum("runs_held")) runs in memory")
    if let membership { text += section("NODE", SafeText.line(membership)) }
    if let sharedWork { text += section("SHARED", sharedWork) }
    if daemon == .null || living.count > 1, !nodeList.isEmpty { text += section("NODES", nodeList) }
    text += section("PACKAGES", activePackages)
    func eachSource(_ title: String, _ lines: (JSONValue) -> [String]) {
      for source in sources {
        let owner = sources.count > 1 ? "\(word("node", of: source))  " : ""
        for line in lines(source) { text += section(title, owner + line) }
      }
    }
    eachSource("HOST") { ($0["hosts"]?.elements ?? []).map(hostLine) }
    eachSource("CARE") { View.endings($0["care"]).isEmpty ? [] : [careLine($0)].compactMap { $0 } }
    eachSource("IMAGES") { source in
      guard let images = source["images"], number("count", of: images) > 0 else { return [] }
      return [imageLine(source, isHere: isHere)].compactMap { $0 }
    }
    let attention = document["attention"]?.elements?.compactMap(\.text) ?? []
    for sentence in attention { text += section("ATTENTION", style.paint("! \(SafeText.line(sentence))", .yellow)) }
    return text
  }

  private func section(_ title: String, _ content: String) -> String {
    let gap = String(repeating: " ", count: 11 - title.count)
    return style.paint(title, .dim) + gap + content + "\n"
  }

  private var runCounts: String {
    let shown = (document["runs"]?.members ?? []).filter { $0.value.integer ?? 0 > 0 || $0.name != "paused" }
    return shown.map { "\($0.name) \($0.value.integer ?? 0)" }.joined(separator: "   ")
  }

  private var activePackages: String {
    let active = document["activations"]?.elements ?? []
    if active.isEmpty { return "none active" }
    let inFlight = document["in_flight"]?.elements ?? []
    let draining = inFlight.filter { count in
      !active.contains { $0["package"] == count["package"] && $0["version"] == count["version"] }
    }
    let lines =
      active.map { "\(word("package", of: $0)) \(word("version", of: $0))" }
      + draining.map {
        "\(word("package", of: $0)) \(word("version", of: $0)) draining (\(Quantity.count(number("count", of: $0), "run")))"
      }
    return lines.joined(separator: "   ")
  }

  /// One loaded package version with its process.
  func hostLine(_ host: JSONValue) -> String {
    let process = host["process_id"]?.integer.map { "pid \($0)" } ?? "in this process"
    let replaced = number("replacements", of: host)
    var parts = ["\(word("package", of: host)) \(word("version", of: host))", process]
    if let bytes = host["memory_bytes"]?.integer { parts.append(Quantity.bytes(bytes)) }
    parts.append("age " + Quantity.duration(milliseconds: host["age_ms"]?.integer ?? 0))
    parts.append(Quantity.count(number("calls", of: host), "call"))
    if number("in_flight", of: host) > 0 { parts.append("\(number("in_flight", of: host)) in flight") }
    if replaced > 0 { parts.append("replaced \(replaced) ×") }
    if host["permissions_enforced"] == .bool(false) { parts.append("permissions not enforced") }
    if host["retired"]?.bool == true { parts.append("ends after its calls") }
    return parts.joined(separator: "  ")
  }

  var version: String { "cloacina \(word("version"))\n" }

  var serving: String {
    let socket = document["socket"]?.text.map { " on unix:\(SafeText.line($0))" } ?? " as node \(word("node"))"
    return "cloacina \(word("version")) serving \(word("database"))\(socket)  (pid \(number("process_id")))\n"
  }
}
