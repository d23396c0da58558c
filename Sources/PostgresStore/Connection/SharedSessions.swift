import WorkflowStore

/// Proxies that give each transaction another session of the server: they would break prepared statements, LISTEN,
/// session locks and whatever the session was set to.
enum SharedSessions {
  private static let question = Statement(
    name: "asking for the session's process", sql: "SELECT pg_backend_pid()", isKept: false)

  /// Refuses such a proxy. Asks without leaving anything behind in a session that may be somebody else's next.
  ///
  /// - Throws: ``StoreError`` `.unavailable`.
  static func refuse(_ first: Connection, _ settings: ConnectionSettings) throws(StoreError) {
    let process = try answer(first)
    // Without a proxy the session is the one that was announced when it began.
    guard process != Int64(first.announcedProcess) else { return }
    let second = try Connection(settings, session: [])
    defer { second.close() }
    let other = try answer(second)
    // Two clients of such a proxy have the same session in turns; others may come in between, so not only once.
    for _ in 0..<4 {
      guard other != process, try answer(first) == process, try answer(second) == other else {
        throw StoreError(
          .unavailable,
          "the proxy at \(settings.place) gives every transaction another session of the server; use its"
            + " session mode (pgbouncer: pool_mode = session) or connect to the server itself")
      }
    }
  }

  private static func answer(_ connection: Connection) throws(StoreError) -> Int64 {
    try connection.ask(question, Parameters()).int(0, 0)
  }
}
