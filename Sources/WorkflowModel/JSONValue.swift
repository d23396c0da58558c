/// One JSON value; numbers keep the text they were written with, so nothing is rounded on the way through.
package indirect enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  /// The number exactly as written, for example `1e400` or `9007199254740993`.
  case number(String)
  case string(String)
  case array([JSONValue])
  /// Members in the order they were written; a strict reader leaves no two with one name.
  case object([JSONMember])
}

/// One name and value of a JSON object.
package struct JSONMember: Sendable, Equatable {
  package var name: String
  package var value: JSONValue

  package init(_ name: String, _ value: JSONValue) {
    self.name = name
    self.value = value
  }

  /// True when the member's name is exactly `name`, scalar by scalar.
  package func isCalled(_ name: String) -> Bool { self.name.utf8.elementsEqual(name.utf8) }
}

extension JSONValue {
  /// An integer as a JSON number.
  package static func integer(_ value: some BinaryInteger) -> JSONValue { .number(String(value)) }

  /// A finite double as a JSON number; a value that JSON cannot say becomes `null`.
  package static func double(_ value: Double) -> JSONValue { value.isFinite ? .number("\(value)") : .null }

  /// The text, or `null` when there is none.
  package static func optional(_ text: String?) -> JSONValue { text.map(JSONValue.string) ?? .null }

  /// The value of the member called `name`, or nil when this is no object or has no such member.
  package subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.isCalled(name) }?.value
  }

  /// The text of a JSON string, else nil.
  package var text: String? { if case .string(let text) = self { text } else { nil } }

  /// The exact integer of a JSON number written without fraction or exponent, else nil.
  package var integer: Int64? { if case .number(let text) = self { Int64(text) } else { nil } }

  /// The nearest double of a JSON number, else nil.
  package var double: Double? { if case .number(let text) = self { Double(text) } else { nil } }

  /// The value of a JSON boolean, else nil.
  package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

  /// The elements of a JSON array, else nil.
  package var elements: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }

  /// The members of a JSON object, else nil.
  package var members: [JSONMember]? { if case .object(let members) = self { members } else { nil } }
}
