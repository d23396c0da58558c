import WorkflowModel

extension View {
  var retry: String {
    guard document["changed"]?.bool == true else {
      return "run \(word("id"))  not changed: it is \(paintStatus(word("status")))\n"
    }
    let kept = document["kept"]?.elements?.count ?? 0
    let tasks = document["tasks"]?.elements?.compactMap(\.text) ?? []
    let again = tasks.isEmpty ? "" : "; again: \(SafeText.line(tasks.joined(separator: ", ")))"
    return
      "run \(word("id"))  open again on \(word("version")); \(Quantity.count(kept, "finished task")) kept\(again)\n"
  }

  var runMigration: String {
    guard document["changed"]?.bool == true else {
      return "run \(word("id"))  not changed: it is on \(word("to")) already\n"
    }
    let note = document["was_running"]?.bool == true ? "; its running tasks are stopped and begin again" : ""
    return "run \(word("id"))  \(word("from")) → \(word("to"))\(note)\n"
  }

  /// What a query names, or what became of it.
  var bulk: String {
    let matched = number("matched")
    guard document["dry_run"]?.bool != true else {
      let head = "\(Quantity.count(matched, "run")) to \(word("action"))\n"
      let sample = document["sample"]?.elements ?? []
      guard !sample.isEmpty else { return head }
      let more = matched > sample.count ? "… and \(matched - sample.count) more\n" : ""
      return head + View(.list("runs", sample), style).runs + more
    }
    var text = "\(word("action")): \(number("changed")) changed, \(number("unchanged")) unchanged,"
    text += " \(number("refused")) refused\n"
    for reason in document["reasons"]?.elements ?? [] {
      text += "  \(number("count", of: reason)) × \(word("code", of: reason)): \(word("message", of: reason))\n"
    }
    return text
  }
}

extension JSONValue {
  fileprivate static func list(_ schema: String, _ items: [JSONValue]) -> JSONValue {
    .object([JSONMember("schema", .string("cloacina.\(schema)/1")), JSONMember(schema, .array(items))])
  }
}
