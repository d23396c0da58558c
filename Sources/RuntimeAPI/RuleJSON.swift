import CloacinaRuntime
package import WorkflowModel
package import WorkflowStore

extension RollbackRecord {
  /// A rule and what became of it, as packages and the status show it.
  package var contract: JSONValue {
    .object([
      JSONMember("tenant", .string(key.tenant)), JSONMember("package", .string(key.package)),
      JSONMember("version", .string(version)), JSONMember("digest", .string(digest.hex)),
      JSONMember("canary", .bool(key.isCanary)),
      JSONMember("epoch", key.isCanary ? .null : .integer(key.epoch)), JSONMember("rule", .string(rule)),
      JSONMember("since", .time(since)),
      JSONMember("state", .string(state.rawValue)), JSONMember("breached_since", .time(breachedSince)),
      JSONMember("ended_at", .time(endedAt)), JSONMember("returned_to", .optional(returnedTo)),
      JSONMember("evidence", .optional(evidence)), JSONMember("sentence", .string(sentence)),
    ])
  }
}

extension Parameters {
  /// A rule for rolling back.
  ///
  /// - Throws: ``RuntimeError`` `.invalid` with the place at which the text is none.
  mutating func optionalRule(_ name: String) throws(RuntimeError) -> RollbackRule? {
    guard let text = try optionalText(name) else { return nil }
    do throws(RollbackRuleError) { return try RollbackRule(text) } catch {
      throw RuntimeError(
        .invalid, code: "CLO-R071", "'\(text)' is no rule for rolling back: \(error)",
        fix: "write it like 'error_rate > 5% for 60s or p99 > 2s for 30s min 20 runs'")
    }
  }
}
