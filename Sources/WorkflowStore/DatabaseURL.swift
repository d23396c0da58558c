/// Where a database is, as written by people.
package enum DatabaseURL: Sendable, Equatable {
  /// Path of the file, or `:memory:`.
  case sqlite(path: String)
  /// A URL or key=value string for libpq.
  case postgres(String)

  /// Reads `sqlite:PATH`, `sqlite://relative`, `sqlite:///absolute`, `sqlite::memory:`, `sqlite3://…` and
  /// `postgres://…`, `postgresql://…`, `key=value …`; nil for anything else.
  package init?(_ text: String) {
    for scheme in ["sqlite3:", "sqlite:"] where text.hasPrefix(scheme) {
      var path = Substring(text.dropFirst(scheme.count))
      if path.hasPrefix("//") { path = path.dropFirst(2) }
      path = path.prefix { $0 != "?" }
      self = .sqlite(path: path.isEmpty ? ":memory:" : String(path))
      return
    }
    let isURL = text.hasPrefix("postgres://") || text.hasPrefix("postgresql://")
    guard isURL || DatabaseURL.isKeyValue(text) else { return nil }
    self = .postgres(text)
  }

  private static func isKeyValue(_ text: String) -> Bool {
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex else { return false }
    return text[..<equals].allSatisfy { $0.isLetter || $0 == "_" }
  }
}
