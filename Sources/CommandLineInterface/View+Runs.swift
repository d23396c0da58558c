import WorkflowModel

extension View {
  var runs: String {
    var table = Table([
      .init("ID"), .init("WORKFLOW"), .init("VERSION"), .init("STATUS"), .init("CREATED (UTC)"),
      .init("TOOK", alignsRight: true), .init("ERROR"),
    ])
    for run in document["runs"]?.elements ?? [] {
      let status = run["status"]?.text ?? ""
      table.add([
        .init(run["id"]?.text ?? ""), .init(run["type"]?.text ?? ""), .init(run["version"]?.text ?? "–"),
        .init(status, Style.tint(ofStatus: status)), .init(View.time(run["created_at"])),
        .init(View.duration(run)), .init(View.failure(run)),
      ])
    }
    return table.text(style)
  }

  /// Several runs that were waited for, one after the other.
  var runDetails: String {
    (document["runs"]?.elements ?? []).map { View($0, style).runDetail }.joined(separator: "\n")
  }

  var runDetail: String {
    let status = word("status")
    var facts = ["run \(word("id"))", "\(word("type")) \(word("version"))", paintStatus(status.uppercased(), status)]
    if document["duration_ms"]?.integer != nil { facts.append("took \(View.duration(document))") }
    if let node = document["leased_by"]?.text { facts.append("node \(SafeText.line(node))") }
    if let key = document["idempotency_key"]?.text { facts.append("key \(SafeText.line(key))") }
    var text = facts.joined(separator: "  ") + "\n"
    if let labels = document["labels"]?.members, !labels.isEmpty {
      let shown = labels.map { "\($0.name)=\($0.value.text ?? $0.value.json)" }
      text += "labels  \(SafeText.line(shown.joined(separator: "  ")))\n"
    }
    if let tasks = document["tasks"]?.elements, !tasks.isEmpty { text += Table.tasks(tasks).text(style) }
    let failure = View.failure(document)
    if !failure.isEmpty { text += "error   \(SafeText.line(failure))\n" }
    if let result = document["result"], result != .null { text += "result  \(SafeText.line(result.json))\n" }
    return text
  }

  private func paintStatus(_ shown: String, _ status: String) -> String {
    style.paint(shown, Style.tint(ofStatus: status))
  }

  var starts: String {
    let items = Renderer.items(of: document)
    return items.map { item in
      let what = item["created"]?.bool == false ? "exists already" : "started"
      return "run \(word("id", of: item))  \(what)\(item["digest"]?.text == nil ? "" : "  package \(digest(item))")\n"
    }.joined()
  }

  /// One event on a line of its own, for events that come one by one.
  var eventLine: String {
    let data = document["data"].map { $0 == .null ? "" : "  " + SafeText.line($0.json) } ?? ""
    let type = word("type")
    let gap = String(repeating: " ", count: max(0, 20 - SafeText.width(type)))
    let line = "\(View.time(document["time"]))  \(type)\(data.isEmpty ? "" : gap + data)"
    return (style.width.map { SafeText.cut(line, to: $0) } ?? line) + "\n"
  }

  var cancellation: String {
    let note = document["was_running"]?.bool == true ? "; its running tasks are asked to stop" : ""
    return "run \(word("id"))  \(paintStatus("cancelled"))\(note)\n"
  }
}

extension Table {
  static func tasks(_ tasks: [JSONValue]) -> Table {
    var table = Table([
      .init("TASK"), .init("STATUS"), .init("ATTEMPT", alignsRight: true), .init("TOOK", alignsRight: true),
      .init("ERROR"),
    ])
    for task in tasks {
      let status = task["status"]?.text ?? ""
      table.add([
        .init(task["task"]?.text ?? ""), .init(status, Style.tint(ofStatus: status)),
        .init(task["attempt"]?.integer.map { String($0) } ?? ""), .init(View.duration(task)),
        .init(View.failure(task)),
      ])
    }
    return table
  }

  static func events(_ events: [JSONValue]) -> Table {
    var table = Table([.init("ID", alignsRight: true), .init("TIME (UTC)"), .init("EVENT"), .init("DATA")])
    for event in events {
      let data = event["data"].map { $0 == .null ? "" : $0.json } ?? ""
      table.add([
        .init(event["id"]?.integer.map { String($0) } ?? ""), .init(View.time(event["time"])),
        .init(event["type"]?.text ?? ""), .init(data),
      ])
    }
    return table
  }
}
