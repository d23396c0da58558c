import WorkflowModel

extension View {
  /// A line for each version that is or was under a rule; nothing when there is none.
  func rules(of versions: [JSONValue]) -> String {
    let sentences = versions.compactMap { $0["rollback_rule"]?["sentence"]?.text }
    return sentences.isEmpty ? "" : "\n" + sentences.map { "\(SafeText.line($0))\n" }.joined()
  }

  /// The rule that a canary is under, as a line; nothing without one.
  func rule(ofCanary canary: JSONValue) -> String {
    canary["rollback_on"]?.text.map { "ends on its own when \(SafeText.line($0))\n" } ?? ""
  }

  /// The rule that an activation is under, as a line; nothing without one.
  func rule(of activation: JSONValue) -> String {
    activation["rollback_on"]?.text.map { "rolled back on its own when \(SafeText.line($0))\n" } ?? ""
  }
}
