/// A JSON value as a task sees it: read by subscripts, written as a literal.
///
/// Numbers keep the text they were written with, so that large or precise ones pass through unchanged.
public enum JSON: Sendable, Equatable {
  case null
  case bool(Bool)
  case number(String)
  case string(String)
  case array([JSON])
  case object([Member])

  /// One name and value of an object, in the order written.
  public struct Member: Sendable, Equatable {
    public var name: String
    public var value: JSON

    /// A member called `name`.
    public init(_ name: String, _ value: JSON) {
      self.name = name
      self.value = value
    }
  }

  /// The member called `name`; nil when there is none or this is no object.
  public subscript(name: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  /// The element at `index`; nil when there is none or this is no array.
  public subscript(index: Int) -> JSON? {
    guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
    return elements[index]
  }

  /// The text of a string, else nil.
  public var string: String? { if case .string(let text) = self { text } else { nil } }

  /// The exact value of a whole number, else nil.
  public var int: Int? { if case .number(let text) = self { Int(text) } else { nil } }

  /// The nearest value of a number, else nil.
  public var double: Double? { if case .number(let text) = self { Double(text) } else { nil } }

  /// The value of a boolean, else nil.
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

  /// The elements of an array, else nil.
  public var array: [JSON]? { if case .array(let elements) = self { elements } else { nil } }

  /// The members of an object, else nil.
  public var members: [Member]? { if case .object(let members) = self { members } else { nil } }
}

extension JSON: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByStringInterpolation, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  public init(nilLiteral: ()) { self = .null }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(integerLiteral value: Int) { self = .number(String(value)) }
  public init(floatLiteral value: Double) { self.init(value) }
  public init(stringLiteral value: String) { self = .string(value) }
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSON)...) { self = .object(elements.map { Member($0.0, $0.1) }) }

  /// A whole number.
  public init(_ value: some BinaryInteger) { self = .number(String(value)) }
  /// A number; one that JSON cannot say (infinite, not a number) becomes null.
  public init(_ value: Double) { self = value.isFinite ? .number("\(value)") : .null }
  /// A string.
  public init(_ value: some StringProtocol) { self = .string(String(value)) }
  /// A boolean.
  public init(_ value: Bool) { self = .bool(value) }
  /// An array.
  public init(_ elements: some Sequence<JSON>) { self = .array(Array(elements)) }
}

extension JSON: CustomStringConvertible {
  /// The value as compact JSON text.
  public var description: String {
    var out: [UInt8] = []
    write(to: &out)
    return String(decoding: out, as: UTF8.self)
  }

  /// Appends the value as compact JSON text in UTF-8.
  func write(to out: inout [UInt8]) {
    switch self {
    case .null: out += "null".utf8
    case .bool(let value): out += (value ? "true" : "false").utf8
    case .number(let text): out += text.utf8
    case .string(let text): JSON.write(text, to: &out)
    case .array(let elements):
      var separator = UInt8(ascii: "[")
      for element in elements {
        out.append(separator)
        element.write(to: &out)
        separator = UInt8(ascii: ",")
      }
      out += (elements.isEmpty ? "[]" : "]").utf8
    case .object(let members):
      var separator = UInt8(ascii: "{")
      for member in members {
        out.append(separator)
        JSON.write(member.name, to: &out)
        out.append(UInt8(ascii: ":"))
        member.value.write(to: &out)
        separator = UInt8(ascii: ",")
      }
      out += (members.isEmpty ? "{}" : "}").utf8
    }
  }

  /// Appends `text` as a JSON string.
  static func write(_ text: String, to out: inout [UInt8]) {
    var text = text
    out.append(UInt8(ascii: "\""))
    text.withUTF8 { bytes in
      var plain = 0
      for (position, byte) in bytes.enumerated()
      where byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
        out += bytes[plain..<position]
        plain = position + 1
        escape(byte, to: &out)
      }
      out += bytes[plain...]
    }
    out.append(UInt8(ascii: "\""))
  }

  private static func escape(_ byte: UInt8, to out: inout [UInt8]) {
    func digit(_ value: UInt8) -> UInt8 { value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10 }
    switch byte {
    case 0x0A: out += "\\n".utf8
    case 0x0D: out += "\\r".utf8
    case 0x09: out += "\\t".utf8
    case 0..<0x20: out += [UInt8(ascii: "\\"), UInt8(ascii: "u"), 0x30, 0x30, digit(byte >> 4), digit(byte & 15)]
    default: out += [UInt8(ascii: "\\"), byte]
    }
  }
}
