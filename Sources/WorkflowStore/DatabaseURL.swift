/// Where a store lives, as people write it.
package enum DatabaseURL: Sendable, Equatable {
  /// A file, relative to the current folder or absolute, or `:memory:`.
  case sqlite(String)
  /// A PostgreSQL URL or `key=value` list, exactly as written.
  case postgres(String)

  /// Reads `sqlite:PATH`, `sqlite://PATH`, `sqlite3:…`, `postgres://…`, `postgresql://…` or `host=… dbname=…`.
  ///
  /// The path ends before a `?`; what follows is for other programs and ignored. An empty path is `:memory:`.
  /// - Returns: nil for anything else.
  package init?(_ text: String) {
    if let path = DatabaseURL.rest(of: text, after: ["sqlite://", "sqlite3://", "sqlite:", "sqlite3:"]) {
      let plain = path.prefix { $0 != "?" }
      self = .sqlite(plain.isEmpty ? ":memory:" : String(plain))
    } else if DatabaseURL.rest(of: text, after: ["postgres://", "postgresql://"]) != nil
      || DatabaseURL.isKeyValueList(text)
    {
      self = .postgres(text)
    } else {
      return nil
    }
  }

  private static func rest(of text: String, after schemes: [String]) -> Substring? {
    let lowered = text.prefix(16).lowercased()
    for scheme in schemes where lowered.hasPrefix(scheme) { return text.dropFirst(scheme.count) }
    return nil
  }

  /// The keywords a connection list can reasonably begin with.
  private static let keywords: Set<String> = [
    "host", "hostaddr", "port", "dbname", "user", "password", "service", "sslmode", "connect_timeout", "options",
    "application_name", "passfile", "search_path", "schema",
  ]

  private static func isKeyValueList(_ text: String) -> Bool {
    guard let equals = text.firstIndex(of: "=") else { return false }
    let key = text[..<equals].split(separator: " ")
    return key.count == 1 && keywords.contains(String(key[0]))
  }
}
