/// SQL under a name, prepared once for each connection that uses it.
///
/// Parameter types follow from casts in the text, so that the server infers what the binary values are.
struct Statement: Sendable {
  let name: String
  let sql: String
  /// False for one that leaves nothing behind in the session.
  var isKept = true

  static let begin = Statement(name: "begin", sql: "BEGIN")
  static let commit = Statement(name: "commit", sql: "COMMIT")
}

/// One execution of a statement.
struct Command {
  let statement: Statement
  let parameters: Parameters

  init(_ statement: Statement, _ parameters: Parameters = Parameters()) {
    self.statement = statement
    self.parameters = parameters
  }
}
