extension Parser {
  /// Options that would do nothing, or contradict each other.
  static func checkCombinations(_ invocation: Invocation) throws(UsageError) {
    for (option, other) in companions where invocation.has(option) && !invocation.has(other) {
      // In a command that has no such companion the option stands alone.
      guard invocation.verb.flags.contains(where: { $0.name == other }) else { continue }
      throw UsageError("--\(option) does nothing without --\(other)", fix: "add --\(other)")
    }
    for (option, other) in contradictions where invocation.has(option) && invocation.has(other) {
      throw UsageError("--\(option) and --\(other) contradict each other", fix: "leave out one of the two")
    }
    if invocation.has("idempotency-key"), invocation.number("count") ?? 1 > 1 {
      throw UsageError("one --idempotency-key cannot name several runs", fix: "leave out --count or the key")
    }
  }

  /// Options that mean something only beside another one.
  private static let companions = [
    ("timeout", "wait"), ("show-sql", "dry-run"), ("key-field", "input-lines"), ("when-staged", "activate"),
    ("rollback-on", "activate"),
    ("allow-downgrade", "activate"), ("wait", "activate"),
    ("yes", "where"), ("dry-run", "where"),
  ]

  private static let contradictions = [
    ("quiet", "verbose"), ("input-lines", "input"), ("input-lines", "count"), ("input-lines", "idempotency-key"),
    ("end", "percent"), ("end", "rollback-on"),
    ("yes", "dry-run"),
  ]
}
