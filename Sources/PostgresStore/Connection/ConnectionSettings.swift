import CPostgres
package import WorkflowStore

/// How to reach a database, read from a URL or a `key=value` list.
///
/// Beside libpq's own parameters it takes `schema` and `search_path`, which libpq refuses in a URL: the schema that
/// holds our tables, `workflow` when none is named. An `options=-csearch_path=…` is understood as well.
package struct ConnectionSettings: Sendable, Equatable {
  static let defaultSchema = "workflow"

  /// libpq's parameters, in the order written.
  package private(set) var parameters: [(key: String, value: String)] = []
  package private(set) var schema = ConnectionSettings.defaultSchema

  package static func == (left: ConnectionSettings, right: ConnectionSettings) -> Bool {
    left.schema == right.schema && left.parameters.elementsEqual(right.parameters, by: ==)
  }

  /// - Throws: ``StoreError`` `.invalid` with libpq's reason; the password is not in it.
  package init(_ text: String) throws(StoreError) {
    let (plain, named) = ConnectionSettings.takeSchema(text)
    if let named { schema = named }
    var reason: UnsafeMutablePointer<CChar>?
    guard let options = PQconninfoParse(plain, &reason) else {
      defer { PQfreemem(reason) }
      let words = reason.map { String(cString: $0) } ?? "it cannot be read"
      throw StoreError(
        .invalid, "the database URL is refused: \(words.filter { $0 != "\n" }); see 'Database' in cloacina-ctl --help")
    }
    defer { PQconninfoFree(options) }
    var option = options
    while let keyword = option.pointee.keyword {
      if let value = option.pointee.val { parameters.append((String(cString: keyword), String(cString: value))) }
      option += 1
    }
    if named == nil, let path = ConnectionSettings.searchPath(in: self["options"]) { schema = path }
    guard !schema.isEmpty, schema.utf8.count <= 63, !schema.contains("\0") else {
      throw StoreError(.invalid, "'\(schema)' cannot be the name of a schema; use 1 to 63 bytes")
    }
    addDefaults()
  }

  package subscript(key: String) -> String? { parameters.last { $0.key == key }?.value }

  /// `host:port/database`, schema: for people, without user and password.
  package var place: String {
    let host = self["host"] ?? self["hostaddr"] ?? "local"
    return "\(host):\(self["port"] ?? "5432")/\(self["dbname"] ?? self["user"] ?? "") schema \(schema)"
  }

  /// The schema as an SQL identifier.
  var quotedSchema: String {
    "\"" + schema.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
  }

  /// The channel on which nodes of this schema tell each other news.
  var channel: String { "cloacina_\(schema)" }

  /// A dead peer is noticed by TCP within half a minute, unless the URL says otherwise.
  private mutating func addDefaults() {
    let defaults = [
      ("application_name", "cloacina"), ("connect_timeout", "10"), ("keepalives_idle", "10"),
      ("keepalives_interval", "5"), ("keepalives_count", "3"), ("tcp_user_timeout", "20000"),
    ]
    for (key, value) in defaults where self[key] == nil { parameters.append((key, value)) }
  }

  // MARK: Reading

  /// The text without `schema` and `search_path`, and the first schema that they name.
  private static func takeSchema(_ text: String) -> (rest: String, schema: String?) {
    text.contains("://") ? takeSchema(fromURL: text) : takeSchema(fromList: text)
  }

  private static func takeSchema(fromURL text: String) -> (rest: String, schema: String?) {
    guard let mark = text.firstIndex(of: "?") else { return (text, nil) }
    var schema: String?
    let kept = text[text.index(after: mark)...].split(separator: "&").filter { pair in
      guard let equals = pair.firstIndex(of: "="), isSchemaKey(pair[..<equals]) else { return true }
      schema = schema ?? firstSchema(decoded(pair[pair.index(after: equals)...]))
      return false
    }
    let base = text[..<mark]
    return (kept.isEmpty ? String(base) : "\(base)?\(kept.joined(separator: "&"))", schema)
  }

  /// Values without blanks only: a quoted one is left to libpq, which refuses the key with its own words.
  private static func takeSchema(fromList text: String) -> (rest: String, schema: String?) {
    var schema: String?
    let kept = text.split(separator: " ").filter { pair in
      guard let equals = pair.firstIndex(of: "="), isSchemaKey(pair[..<equals]) else { return true }
      schema = schema ?? firstSchema(String(pair[pair.index(after: equals)...]))
      return false
    }
    return (schema == nil ? text : kept.joined(separator: " "), schema)
  }

  private static func isSchemaKey(_ key: Substring) -> Bool { key == "schema" || key == "search_path" }

  /// `workflow` of `workflow,public`; quotes and blanks are taken off.
  private static func firstSchema(_ path: String) -> String {
    let first = path.split(separator: ",", omittingEmptySubsequences: false).first.map(String.init) ?? ""
    return first.filter { $0 != "\"" && $0 != "'" && $0 != " " }
  }

  /// The path set by `-c search_path=…` or `--search_path=…` in libpq's `options`.
  private static func searchPath(in options: String?) -> String? {
    guard let options else { return nil }
    for word in options.split(separator: " ") {
      let setting = word.hasPrefix("-c") ? word.dropFirst(2) : word.hasPrefix("--") ? word.dropFirst(2) : word
      if setting.hasPrefix("search_path=") { return firstSchema(String(setting.dropFirst(12))) }
    }
    return nil
  }

  private static func decoded(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
