/// Takes a JSON object apart key by key; what is missing, left over or of the wrong type is an error with its path.
struct ObjectFields {
  let path: String
  private var rest: [JSONMember]
  private var known: [String] = []

  init(_ json: JSONValue, path: String) throws(DescriptorError) {
    guard let members = json.members else { throw ObjectFields.wrongType(json, "an object", path: path) }
    self.path = path
    rest = members
  }

  /// The path of the member called `key`.
  func path(of key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  mutating func take(_ key: String) throws(DescriptorError) -> JSONValue {
    known.append(key)
    guard let index = rest.firstIndex(where: { $0.isCalled(key) }) else {
      throw DescriptorError(.missingKey, path: path(of: key), "the key '\(key)' is missing")
    }
    return rest.remove(at: index).value
  }

  mutating func text(_ key: String) throws(DescriptorError) -> String {
    let value = try take(key)
    guard let text = value.text else { throw ObjectFields.wrongType(value, "a string", path: path(of: key)) }
    return text
  }

  /// The same for a key that may be missing.
  mutating func optionalText(_ key: String) throws(DescriptorError) -> String? {
    guard rest.contains(where: { $0.isCalled(key) }) else {
      known.append(key)
      return nil
    }
    return try text(key)
  }

  mutating func flag(_ key: String) throws(DescriptorError) -> Bool {
    let value = try take(key)
    guard let flag = value.bool else { throw ObjectFields.wrongType(value, "a boolean", path: path(of: key)) }
    return flag
  }

  /// An integer that is not negative.
  mutating func count(_ key: String) throws(DescriptorError) -> Int64 {
    let value = try take(key)
    guard case .number(let written) = value else {
      throw ObjectFields.wrongType(value, "an integer", path: path(of: key))
    }
    guard let number = value.integer, number >= 0 else {
      throw DescriptorError(.badValue, path: path(of: key), "\(written) is not an integer from 0 to \(Int64.max)")
    }
    return number
  }

  /// One of the words of an enumeration.
  mutating func word<Word: CaseIterable & RawRepresentable<String>>(
    _ key: String, as type: Word.Type
  ) throws(DescriptorError) -> Word {
    let text = try text(key)
    guard let word = Word(rawValue: text) else { throw ObjectFields.unknownWord(text, as: type, path: path(of: key)) }
    return word
  }

  /// The same for a key that may be missing.
  mutating func optionalWord<Word: CaseIterable & RawRepresentable<String>>(
    _ key: String, as type: Word.Type
  ) throws(DescriptorError) -> Word? {
    guard rest.contains(where: { $0.isCalled(key) }) else {
      known.append(key)
      return nil
    }
    return try word(key, as: type)
  }

  /// The elements of an array, each with its path.
  mutating func elements(_ key: String) throws(DescriptorError) -> [(path: String, value: JSONValue)] {
    let value = try take(key)
    guard let elements = value.elements else { throw ObjectFields.wrongType(value, "an array", path: path(of: key)) }
    return elements.enumerated().map { ("\(path(of: key))[\($0.offset)]", $0.element) }
  }

  mutating func texts(_ key: String) throws(DescriptorError) -> [String] {
    var texts: [String] = []
    for (path, value) in try elements(key) {
      guard let text = value.text else { throw ObjectFields.wrongType(value, "a string", path: path) }
      texts.append(text)
    }
    return texts
  }

  /// Refuses what nobody has taken.
  func end() throws(DescriptorError) {
    guard let stranger = rest.first?.name else { return }
    let message =
      known.contains(stranger)
      ? "the key '\(stranger)' occurs twice"
      : "no key is called '\(stranger)'\(Suggestion.hint(for: stranger, in: known))"
    throw DescriptorError(.unknownKey, path: path(of: stranger), message)
  }

  static func wrongType(_ value: JSONValue, _ wanted: String, path: String) -> DescriptorError {
    DescriptorError(.wrongType, path: path, "\(wanted) was expected, not \(value.kind)")
  }

  static func unknownWord<Word: CaseIterable & RawRepresentable<String>>(
    _ text: String, as type: Word.Type, path: String
  ) -> DescriptorError {
    let words = type.allCases.map(\.rawValue)
    let message = "'\(text)' is none of \(words.joined(separator: ", "))\(Suggestion.hint(for: text, in: words))"
    return DescriptorError(.badValue, path: path, message)
  }
}

extension JSONValue {
  /// What kind of value this is, with its article, for messages.
  var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}
