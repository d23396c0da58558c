import WorkflowStore

extension StoreError {
  /// What PostgreSQL said, in the store's words: what failed, its message and state, and what to do about it.
  init(_ failure: PostgresFailure) {
    switch failure {
    case .refused(let state, let message, let statement):
      let (code, advice, isTransient) = StoreError.meaning(state)
      self.init(
        code, "\(statement) failed: \(message) (SQLSTATE \(state)); \(advice)", isTransient: isTransient)
    case .lost(let message, _):
      self.init(
        .unavailable, "the connection to the database was lost: \(message); it is made again", isTransient: true)
    }
  }

  /// By the error classes of PostgreSQL's documentation, appendix A.
  private static func meaning(_ state: String) -> (code: Code, advice: String, isTransient: Bool) {
    switch state {
    case "53100": return (.full, "free some space on the server's disk", true)
    case "53200", "53300", "53400": return (.unavailable, "the server is short of memory or connections", true)
    case "57014": return (.failed, "the statement took longer than its time limit", true)
    case "55P03", "55006": return (.failed, "another session holds what is needed", true)
    case "25006": return (.unavailable, "the server takes no writes; is it a standby?", true)
    case "42501": return (.unavailable, "give the role the right to use the schema and its tables", false)
    case "42P01", "42703", "42883", "3F000":
      return (.failed, "the schema is not the one this release made; run 'cloacina-ctl db migrate'", false)
    default: break
    }
    switch state.prefix(2) {
    case "40": return (.failed, "it is tried again", true)  // deadlock, serialization
    case "57", "08", "53": return (.unavailable, "the server is stopping or overloaded", true)
    case "22", "23": return (.invalid, "correct the value; nothing was written", false)
    case "28", "3D": return (.unavailable, "check user, password and database of the URL", false)
    case "58", "XX": return (.failed, "see the server's log", false)
    default: return (.failed, "nothing was written", false)
    }
  }
}
