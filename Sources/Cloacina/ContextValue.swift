import WorkflowModel

/// One JSON value. Numbers keep the digits they were written with, so nothing is rounded on its way through.
///
/// ```swift
/// let order: ContextValue = ["id": 7, "lines": ["tea", "milk"], "paid": false, "note": nil]
/// ```
public struct ContextValue: Sendable, Equatable, CustomStringConvertible {
  let value: JSONValue

  init(_ value: JSONValue) { self.value = value }

  /// A whole number.
  public init(_ number: some BinaryInteger) { value = .integer(number) }
  /// A number; one that JSON cannot say, such as infinity, becomes `null`.
  public init(_ number: Double) { value = .double(number) }
  /// A truth value.
  public init(_ truth: Bool) { value = .bool(truth) }
  /// A text.
  public init(_ text: String) { value = .string(text) }
  /// A list.
  public init(_ elements: [ContextValue]) { value = .array(elements.map(\.value)) }
  /// An object, its members in the order of their names.
  public init(_ members: [String: ContextValue]) {
    value = .object(members.sorted { $0.key < $1.key }.map { JSONMember($0.key, $0.value.value) })
  }

  /// Reads JSON text, strictly: no trailing commas, no two members of one name.
  ///
  /// - Throws: ``CloacinaError`` `.invalid` with the offset of the first byte that breaks a rule.
  public init(json: String) throws(CloacinaError) {
    do throws(JSONError) { value = try JSONReader.read(json) } catch {
      throw CloacinaError(.invalid, code: "CLO-E009", "the text is not JSON: \(error)", fix: "correct the text there")
    }
  }

  /// True for `null`.
  public var isNull: Bool { value == .null }
  /// The text of a string, else nil.
  public var text: String? { value.text }
  /// The exact whole number, nil for one with a fraction or an exponent and for everything else.
  public var integer: Int? { value.integer.map { Int($0) } }
  /// The nearest double of a number, else nil.
  public var double: Double? { value.double }
  /// The truth value, else nil.
  public var bool: Bool? { value.bool }
  /// The elements of a list, else nil.
  public var elements: [ContextValue]? { value.elements?.map(ContextValue.init) }
  /// The names of an object's members in the order they were written, else nil.
  public var names: [String]? { value.members?.map(\.name) }

  /// The member called `name`; nil when this is no object or has none.
  public subscript(name: String) -> ContextValue? { value[name].map(ContextValue.init) }

  /// The value as compact JSON text.
  public var json: String { value.json }
  /// The value as compact JSON text.
  public var description: String { json }
}

extension ContextValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByStringInterpolation, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  /// `null`
  public init(nilLiteral: ()) { value = .null }
  /// A truth value.
  public init(booleanLiteral truth: Bool) { self.init(truth) }
  /// A whole number.
  public init(integerLiteral number: Int) { self.init(number) }
  /// A number.
  public init(floatLiteral number: Double) { self.init(number) }
  /// A text.
  public init(stringLiteral text: String) { self.init(text) }
  /// A list.
  public init(arrayLiteral elements: ContextValue...) { self.init(elements) }
  /// An object, its members in the order written; the last of two with one name counts.
  public init(dictionaryLiteral members: (String, ContextValue)...) { self.init(object: members) }

  /// An object, its members in the order given; the last of two with one name counts.
  init(object members: [(String, ContextValue)]) {
    var kept: [JSONMember] = []
    for (name, member) in members {
      kept.removeAll { $0.isCalled(name) }
      kept.append(JSONMember(name, member.value))
    }
    value = .object(kept)
  }
}
