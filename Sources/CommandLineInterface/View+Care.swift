import WorkflowModel

/// Libraries that are mapped for good, and how runners are taken care of: of a process, or as a node reports it.
extension View {
  /// `1 of 64 mapped in its process for good, 2.0 MiB`; nil where that is not known.
  func imageLine(_ source: JSONValue, isHere: Bool) -> String? {
    guard let images = source["images"], images.members != nil else { return nil }
    let count = "\(number("count", of: images)) of \(number("limit", of: images))"
    let bytes = Quantity.bytes(images["bytes"]?.integer ?? 0)
    return "\(count) mapped in \(isHere ? "this" : "its") process for good, \(bytes)"
  }

  /// `at most 64 runners, ended after 10 m without a call; so far 3 idle, 1 evicted`; nil where that is not known.
  func careLine(_ source: JSONValue) -> String? {
    guard let care = source["care"], care.members != nil else { return nil }
    var rules = ["at most \(Quantity.count(number("runners", of: care), "runner"))"]
    func rule(_ name: String, _ words: (Int64) -> String) {
      if let value = care[name]?.integer, value > 0 { rules.append(words(value)) }
    }
    rule("idle_ms") { "ended after \(Quantity.duration(milliseconds: $0)) without a call" }
    rule("calls") { "replaced after \(Quantity.count(Int($0), "call"))" }
    rule("memory_bytes") { "replaced above \(Quantity.bytes($0))" }
    let ended = View.endings(care)
    return rules.joined(separator: ", ") + (ended.isEmpty ? "" : "; so far \(ended.joined(separator: ", "))")
  }

  /// Hosts that were ended or replaced, by reason: `3 idle`.
  static func endings(_ care: JSONValue?) -> [String] {
    (care?["ended"]?.members ?? []).compactMap { member in
      guard let count = member.value.integer, count > 0 else { return nil }
      return "\(count) \(member.name)"
    }
  }
}
