package import WorkflowModel

/// Prints a document of the contract in the format asked for.
///
/// Tables are made from the same document that `-o json` prints, so the two cannot say different things.
package enum Renderer {
  /// The text of `document`, ending in a line end unless it is empty.
  package static func text(_ document: JSONValue, format: String, style: Style) -> String {
    switch format {
    case "json": document.json + "\n"
    case "jsonl": items(of: document).map { $0.json + "\n" }.joined()
    case "id": items(of: document).compactMap(identity).map { SafeText.line($0) + "\n" }.joined()
    default: View(document, style).text
    }
  }

  /// The elements of a list document; else the document itself.
  package static func items(of document: JSONValue) -> [JSONValue] {
    guard let name = kind(of: document), let elements = document[name]?.elements else { return [document] }
    return elements
  }

  /// `run` for `cloacina.run/1`.
  static func kind(of document: JSONValue) -> String? {
    guard let schema = document["schema"]?.text, schema.hasPrefix("cloacina."), schema.hasSuffix("/1") else {
      return nil
    }
    return String(schema.dropFirst("cloacina.".count).dropLast(2))
  }

  /// What `-o id` prints: what another command takes as its operand.
  static func identity(_ item: JSONValue) -> String? {
    if let package = item["package"]?.text, let version = item["version"]?.text, item["id"] == nil {
      return "\(package)@\(version)"
    }
    return item["id"]?.text ?? item["id"]?.integer.map { String($0) } ?? item["node"]?.text
  }

  /// An error in the form people read: what, then what to do.
  package static func error(code: String, message: String, fix: String?, style: Style) -> String {
    var lines = message.split(separator: "\n", omittingEmptySubsequences: false).map { SafeText.line(String($0)) }
    while lines.count > 1, lines.last == "" { lines.removeLast() }
    var text = "\(style.paint("error[\(code)]", .red)): \(lines[0])\n"
    for line in lines.dropFirst() { text += "   | \(line)\n" }
    if let fix { text += "  = fix: \(SafeText.line(fix))\n" }
    return text
  }
}
