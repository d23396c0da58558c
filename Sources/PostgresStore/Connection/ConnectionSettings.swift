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

  /// - Throws: ``StoreError`` `.invalid` with libpq's reason, as far as that cannot hold a part of the password.
  package init(_ text: String) throws(StoreError) {
    let written = ConnectionText(text)
    guard written.isClear else {
      throw ConnectionSettings.refusal(
        "there is an '@' behind the host's place; in user and password write '@' as %40, '/' as %2F and ':' as %3A")
    }
    var reason: UnsafeMutablePointer<CChar>?
    guard let options = PQconninfoParse(written.rest, &reason) else {
      defer { PQfreemem(reason) }
      throw ConnectionSettings.refusal(reason.map { written.harmless(String(cString: $0)) } ?? "no memory")
    }
    defer { PQconninfoFree(options) }
    var option = options
    while let keyword = option.pointee.keyword {
      if let value = option.pointee.val { parameters.append((String(cString: keyword), String(cString: value))) }
      option += 1
    }
    guard
      (self["port"] ?? "").utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || $0 == UInt8(ascii: ",") })
    else { throw ConnectionSettings.refusal("its port is no number") }
    if let name = written.schema {
      schema = name
    } else if let path = written.searchPath ?? takePath() {
      guard let name = SearchPath.first(in: path) else {
        throw ConnectionSettings.refusal("search_path '\(path)' names no schema that could be used")
      }
      schema = name
    }
    let longest = 63 - ConnectionSettings.channelPrefix.utf8.count
    guard !schema.isEmpty, schema.utf8.count <= longest, !schema.utf8.contains(0) else {
      throw ConnectionSettings.refusal("'\(schema)' cannot be the name of a schema; use 1 to \(longest) bytes")
    }
    addDefaults()
  }

  package subscript(key: String) -> String? { parameters.last { $0.key == key }?.value }

  /// `host:port/database`, schema: for people, without user and password.
  package var place: String {
    let host = self["host"] ?? self["hostaddr"] ?? "local"
    let shown = host.contains(":") ? "[\(host)]" : host
    return "\(shown):\(self["port"] ?? "5432")/\(self["dbname"] ?? self["user"] ?? "") schema \(schema)"
  }

  /// The schema as an SQL identifier.
  var quotedSchema: String { SQLText.identifier(schema) }

  private static let channelPrefix = "cloacina_"

  /// The channel on which nodes of this schema tell each other news; triggers of the schema know it too.
  var channel: String { ConnectionSettings.channelPrefix + schema }

  /// A dead peer is noticed by TCP within half a minute, unless the URL says otherwise.
  private mutating func addDefaults() {
    let defaults = [
      ("application_name", "cloacina"), ("connect_timeout", "10"), ("keepalives_idle", "10"),
      ("keepalives_interval", "5"), ("keepalives_count", "3"), ("tcp_user_timeout", "20000"),
    ]
    for (key, value) in defaults where self[key] == nil { parameters.append((key, value)) }
    // The environment may say otherwise, and our texts are what they are.
    parameters.removeAll { $0.key == "client_encoding" }
    parameters.append(("client_encoding", "UTF8"))
  }

  // MARK: Reading

  private static func refusal(_ reason: String) -> StoreError {
    StoreError(.invalid, "the database URL is refused: \(reason); see 'Database' in cloacina-ctl --help")
  }

  /// The path set by `-c search_path=…` or `--search_path=…` in libpq's `options`. Where they set nothing else they are
  /// dropped, because a proxy may refuse them, and the schema is set in another way.
  private mutating func takePath() -> String? {
    guard let options = self["options"] else { return nil }
    var path: String?
    var isAlone = true
    var words = ConnectionSettings.words(options)[...]
    while var word = words.popFirst() {
      if word == "-c" { word += words.popFirst() ?? "" }
      let setting = word.hasPrefix("-c") || word.hasPrefix("--") ? word.dropFirst(2) : ""
      if setting.hasPrefix("search_path=") { path = String(setting.dropFirst(12)) } else { isAlone = false }
    }
    if path != nil, isAlone { parameters.removeAll { $0.key == "options" } }
    return path
  }

  /// Words between blanks, in which a backslash takes the meaning from what follows.
  private static func words(_ text: String) -> [String] {
    var words: [String] = []
    var word: String?
    var isEscaped = false
    for letter in text {
      if isEscaped || !(letter.isWhitespace || letter == "\\") {
        word = (word ?? "") + String(letter)
        isEscaped = false
      } else if letter == "\\" {
        isEscaped = true
      } else if let ended = word {
        words.append(ended)
        word = nil
      }
    }
    return words + (word.map { [$0] } ?? [])
  }
}
