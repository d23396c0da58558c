import WorkflowModel

extension View {
  var nodes: String {
    let items = document["nodes"]?.elements ?? []
    if items.contains(where: { $0["packages"] != nil }) {
      return items.map { View($0, style).nodeDetail }.joined(separator: "\n")
    }
    var table = Table([
      .init("NODE"), .init("STATE"), .init("SLOTS", alignsRight: true), .init("RUNS", alignsRight: true), .init("TAGS"),
      .init("TYPES"), .init("HOST"), .init("PID", alignsRight: true), .init("SEEN (UTC)"),
    ])
    for item in items {
      let state = View.state(ofNode: item)
      table.add([
        .init(item["node"]?.text ?? ""), .init(state, Style.tint(ofStatus: state)),
        .init(View.slots(ofNode: item)), .init(String(number("runs_held", of: item))), .init(View.words(item["tags"])),
        .init(View.words(item["types"])), .init(item["host"]?.text ?? ""),
        .init(String(number("process_id", of: item))), .init(View.time(item["heartbeat_at"])),
      ])
    }
    return table.text(style)
  }

  var nodeDetail: String {
    let state = View.state(ofNode: document)
    var text = style.paint("node \(word("node"))", .bold) + "  \(paintStatus(state))  \(word("host"))"
    text += "  pid \(number("process_id"))  cloacina \(word("version"))\n"
    text += "  boot     \(word("boot_id"))  since \(View.time(document["started_at"])) UTC"
    text += ", seen \(View.time(document["heartbeat_at"])) UTC\n"
    text += "  slots    \(View.slots(ofNode: document)) busy, \(Quantity.count(number("runs_held"), "run")) held\n"
    text += "  tags     \(SafeText.line(View.words(document["tags"])))\n"
    if document["leads"]?.elements?.isEmpty == false { text += "  leads    \(View.words(document["leads"]))\n" }
    if let pool = document["connections"], pool.members != nil {
      text += "  pool     \(number("open", of: pool)) of \(number("limit", of: pool)) connections open, "
      text += "\(number("waiting", of: pool)) waiting, \(number("waits", of: pool)) had to wait, "
      text += "\(number("refusals", of: pool)) in vain\n"
    }
    text += "  types    \(SafeText.line(View.words(document["types"], none: "all")))\n"
    for host in document["hosts"]?.elements ?? [] { text += "  host     \(hostLine(host))\n" }
    if let line = careLine(document) { text += "  care     \(line)\n" }
    if let line = imageLine(document, isHere: false) { text += "  images   \(line)\n" }
    guard let packages = document["packages"]?.elements, !packages.isEmpty else { return text }
    var table = Table([
      .init("PACKAGE"), .init("VERSION"), .init("STATE"), .init("DIGEST"), .init("IN PLACE"), .init("PROBED (UTC)"),
      .init("EPOCH", alignsRight: true), .init("REASON"),
    ])
    for item in packages {
      let (answer, tint): (String, Style.Tint) =
        if item["staged"]?.bool == true { ("yes", .green) } else if item["failure"]?.text != nil { ("no", .red) } else {
          ("not yet", .dim)
        }
      table.add([
        .init(item["package"]?.text ?? ""), .init(item["version"]?.text ?? ""),
        .init(item["state"]?.text ?? "", Style.tint(ofVersion: item["state"]?.text ?? "")), .init(digest(item)),
        .init(answer, tint), .init(View.time(item["probed_at"])),
        .init(number("epoch", of: item) == 0 ? "–" : String(number("epoch", of: item))),
        .init(item["failure"]?.text ?? ""),
      ])
    }
    return text + table.text(style)
  }

  /// What a node does, and what it was asked for where it has not got there; `lost` when it is heard of no more.
  static func state(ofNode node: JSONValue) -> String {
    let state = node["state"]?.text ?? "–"
    if node["alive"]?.bool == false { return "lost" }
    guard let wanted = node["wanted"]?.text, wanted != state, (wanted, state) != ("draining", "drained") else {
      return state
    }
    return "\(state), to be \(wanted)"
  }

  /// `6/16`
  static func slots(ofNode node: JSONValue) -> String {
    "\(node["slots_busy"]?.integer ?? 0)/\(node["slots"]?.integer ?? 0)"
  }

  private static func words(_ value: JSONValue?, none: String = "–") -> String {
    let words = value?.elements?.compactMap(\.text) ?? []
    return words.isEmpty ? none : words.joined(separator: ", ")
  }

  // MARK: In the status

  /// This node's part among others; nil when there is nothing to say that people do not know.
  var membership: String? {
    guard let state = document["node_state"]?.text else { return nil }
    var facts = [state]
    if document["leader"]?.bool == true { facts.append("leader") }
    for name in ["tags", "types"] where document[name]?.elements?.isEmpty == false {
      facts.append("\(name) \(View.words(document[name]))")
    }
    return facts.joined(separator: ", ")
  }

  /// Work that is shared with other nodes, or waits for others; nil when there is none.
  var sharedWork: String? {
    let facts = [
      (number("offers_open"), "offered to other nodes"), (number("takes_held"), "taken from other nodes"),
      (number("waiting_for_permits"), "waiting for others with their concurrency key"),
    ].filter { $0.0 > 0 }
    return facts.isEmpty ? nil : facts.map { "\(Quantity.count($0.0, "task")) \($0.1)" }.joined(separator: ", ")
  }

  /// `n1 ready 6/16   n2 lost`
  var nodeList: String {
    (document["nodes"]?.elements ?? []).map { node in
      let state = View.state(ofNode: node)
      let name = word("node", of: node)
      return state == "lost" ? "\(name) lost" : "\(name) \(state) \(View.slots(ofNode: node))"
    }.joined(separator: "   ")
  }
}
