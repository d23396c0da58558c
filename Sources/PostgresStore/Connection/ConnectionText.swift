/// A URL or `key=value` list as a person wrote it, with what libpq does not know taken out.
struct ConnectionText {
  /// What is for libpq to read.
  private(set) var rest: String
  /// The value of `schema`: a name, exactly.
  private(set) var schema: String?
  /// The value of `search_path`: names as in SQL.
  private(set) var searchPath: String?
  /// False when a part of the user's name or password seems to stand where the host or database should.
  private(set) var isClear = true
  /// Names of a URL's parameters, as far as they surely are no part of a password.
  private(set) var keys: Set<String> = []

  init(_ text: String) {
    rest = text
    if let start = ConnectionText.schemeEnd(of: text) {
      takeOut(ofURL: text, from: start)
    } else {
      takeOut(ofList: text)
    }
  }

  private mutating func take(_ key: String, _ value: String) {
    switch key {
    case "schema": schema = schema ?? value
    default: searchPath = searchPath ?? value
    }
  }

  private static func isOurs(_ key: some StringProtocol) -> Bool { key == "schema" || key == "search_path" }

  /// libpq quotes what it could not read, and that may be a part of the password: its words end before the first
  /// quotation that is neither its own nor the name of a parameter.
  func harmless(_ reason: String) -> String {
    let known = keys.union(["=", "]"])
    var words = ""
    var rest = reason.filter { $0 != "\n" }[...]
    while let quote = rest.firstIndex(of: "\"") {
      let after = rest[rest.index(after: quote)...]
      guard let end = after.firstIndex(of: "\""), known.contains(String(after[..<end])) else {
        return words + rest[..<quote] + "…"
      }
      words += rest[...end]
      rest = rest[after.index(after: end)...]
    }
    return words + rest
  }

  // MARK: URLs

  /// Where the text goes on after `postgres://` or `postgresql://`, in any case.
  private static func schemeEnd(of text: String) -> String.Index? {
    let lowered = text.prefix(13).lowercased()
    guard let scheme = ["postgres://", "postgresql://"].first(where: lowered.hasPrefix) else { return nil }
    return text.index(text.startIndex, offsetBy: scheme.count)
  }

  private mutating func takeOut(ofURL text: String, from start: String.Index) {
    let body = text[start...]
    // As libpq reads it, user and password end at the first `@`, unless a `/` comes before.
    let userEnd = body.firstIndex { $0 == "@" || $0 == "/" }.flatMap { body[$0] == "@" ? body.index(after: $0) : nil }
    let place = body[(userEnd ?? start)...]
    let mark = place.firstIndex(of: "?") ?? place.endIndex
    isClear = !place[..<mark].contains("@")
    let query = place[mark...].dropFirst()
    if !query.contains("@") { keys = Set(query.split(separator: "&").map { String($0.prefix { $0 != "=" }) }) }
    let pairs = query.split(separator: "&").filter { pair in
      guard let equals = pair.firstIndex(of: "="), ConnectionText.isOurs(pair[..<equals]) else { return true }
      take(String(pair[..<equals]), ConnectionText.decoded(pair[pair.index(after: equals)...]))
      return false
    }
    rest = "postgres://" + body[..<mark] + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&"))
  }

  /// Text without percent signs as a URL has them; what is no such escape stays.
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

  // MARK: Lists

  /// Reads as libpq does; where the list breaks its rules, that is left for libpq to find.
  private mutating func takeOut(ofList text: String) {
    var kept = ""
    var left = text[...]
    while true {
      let pair = left.drop(while: \.isWhitespace)
      let key = pair.prefix { $0 != "=" && !$0.isWhitespace }
      let afterKey = pair[key.endIndex...].drop(while: \.isWhitespace)
      guard !key.isEmpty, afterKey.first == "=" else { break }
      let (value, end) = ConnectionText.value(afterKey.dropFirst().drop(while: \.isWhitespace))
      guard let value else { break }
      if ConnectionText.isOurs(key) {
        take(String(key), value)
        kept += left[..<pair.startIndex]
      } else {
        kept += left[..<end]
      }
      left = left[end...]
    }
    rest = kept + left
  }

  /// The value that `text` begins with, without its quotes and backslashes, and where it ends; nil when it does not.
  private static func value(_ text: Substring) -> (value: String?, end: String.Index) {
    let isQuoted = text.first == "'"
    var value = ""
    var index = isQuoted ? text.index(after: text.startIndex) : text.startIndex
    while index < text.endIndex {
      let letter = text[index]
      let next = text.index(after: index)
      if letter == "\\", next < text.endIndex {
        value.append(text[next])
        index = text.index(after: next)
        continue
      }
      if isQuoted ? letter == "'" : letter.isWhitespace { return (value, isQuoted ? next : index) }
      value.append(letter)
      index = next
    }
    return (isQuoted ? nil : value, index)
  }
}

/// A list of schemas as in `SET search_path`.
enum SearchPath {
  /// The first schema that is named; `$user` stands for none. Nil when there is none, or the list cannot be read.
  static func first(in path: String) -> String? {
    var rest = path[...]
    while true {
      rest = rest.drop(while: \.isWhitespace)
      let name: String
      if rest.first == "\"" {
        guard let quoted = takeQuoted(&rest) else { return nil }
        name = quoted
      } else {
        let plain = rest.prefix { $0 != "," && !$0.isWhitespace }
        rest = rest[plain.endIndex...]
        name = plain.lowercased()
      }
      rest = rest.drop(while: \.isWhitespace)
      guard !name.isEmpty, rest.isEmpty || rest.first == "," else { return nil }
      if name != "$user" { return name }
      rest = rest.dropFirst()
    }
  }

  private static func takeQuoted(_ rest: inout Substring) -> String? {
    var name = ""
    rest = rest.dropFirst()
    while let end = rest.firstIndex(of: "\"") {
      name += rest[..<end]
      rest = rest[rest.index(after: end)...]
      guard rest.first == "\"" else { return name }
      name.append("\"")
      rest = rest.dropFirst()
    }
    return nil
  }
}
