import WorkflowStore

/// Database URLs as they may be shown: whoever prints, logs or sends one asks here first.
package enum DatabaseText {
  /// `text` with every password in it replaced by `***`, whether it is a URL, a `key=value` list, or neither.
  ///
  /// Where the text breaks the rules of its form, rather too much is masked than too little.
  package static func masked(_ text: String) -> String {
    let kind = DatabaseURL(text)
    if case .sqlite? = kind { return text }
    if let start = text.firstRange(of: "://")?.upperBound { return maskedParameters(maskedUser(text, from: start)) }
    return maskedList(kind == nil ? maskedUser(text, from: text.startIndex) : text)
  }

  private static let mask = "***"

  // MARK: URLs

  /// In `user:password@host` from `start` on, the password ends at the last `@`, wherever that is.
  private static func maskedUser(_ text: String, from start: String.Index) -> String {
    guard let end = text.lastIndex(of: "@"), start < end, let colon = text[start..<end].firstIndex(of: ":") else {
      return text
    }
    return text[...colon] + mask + text[end...]
  }

  private static func maskedParameters(_ text: String) -> String {
    let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return text }
    let parameters = parts[1].split(separator: "&", omittingEmptySubsequences: false).map(maskedParameter)
    return parts[0] + "?" + parameters.joined(separator: "&")
  }

  private static func maskedParameter(_ parameter: Substring) -> String {
    guard let equals = parameter.firstIndex(of: "=") else { return String(parameter) }
    let name = unescaped(parameter[..<equals]).lowercased()
    return name.contains("password") ? parameter[...equals] + mask : String(parameter)
  }

  /// Text without percent signs as a URL has them; what is no such escape stays.
  private static func unescaped(_ text: Substring) -> String {
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

  /// `key = value` pairs, values perhaps in single quotes, a backslash taking the meaning from what follows.
  private static func maskedList(_ text: String) -> String {
    var shown = ""
    var rest = text[...]
    while let equals = rest.firstIndex(of: "=") {
      let name = rest[..<equals].lowercased()
      let afterEquals = rest[rest.index(after: equals)...]
      let value = afterEquals.drop { $0 == " " }
      let end = endOfValue(value)
      shown += rest[...equals] + afterEquals[..<value.startIndex]
      shown += name.contains("password") ? mask : String(value[..<end])
      rest = value[end...]
    }
    return shown + rest
  }

  private static func endOfValue(_ value: Substring) -> String.Index {
    let isQuoted = value.first == "'"
    var index = isQuoted ? value.index(after: value.startIndex) : value.startIndex
    while index < value.endIndex {
      let letter = value[index]
      let next = value.index(after: index)
      if letter == "\\", next < value.endIndex {
        index = value.index(after: next)
        continue
      }
      if isQuoted ? letter == "'" : letter.isWhitespace { return isQuoted ? next : index }
      index = next
    }
    return value.endIndex
  }
}
