import WorkflowModel

extension View {
  /// A headline, one block for each finding, then what is not the cause and what helps.
  var why: String {
    let state = word("state")
    var headline = "\(word("subject")) \(word("id"))"
    if let version = document["version"]?.text { headline += "  \(SafeText.line(version))" }
    var text = style.paint(headline, .bold) + "  \(style.paint(state.uppercased(), Style.tint(ofStatus: state)))"
    if document["since"]?.text != nil { text += "  since \(View.time(document["since"])) UTC" }
    text += "\n"
    for (index, finding) in (document["findings"]?.elements ?? []).enumerated() {
      text += "\(index == 0 ? "because " : "        ")\(word("because", of: finding))\n"
      for line in finding["evidence"]?.elements ?? [] {
        text += style.paint("          \(SafeText.line(line.text ?? ""))", .dim) + "\n"
      }
    }
    text += lines("not the cause", document["not_causes"])
    return text + lines("what you can do", document["commands"])
  }

  private func lines(_ title: String, _ value: JSONValue?) -> String {
    let lines = value?.elements?.compactMap(\.text) ?? []
    guard !lines.isEmpty else { return "" }
    return "\(title)\n" + lines.map { "  \(SafeText.line($0))\n" }.joined()
  }
}
