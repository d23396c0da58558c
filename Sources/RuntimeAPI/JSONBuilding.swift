package import WorkflowModel

extension JSONValue {
  /// An object that says its own schema first.
  package static func document(_ schema: String, _ members: [(String, JSONValue)]) -> JSONValue {
    .object([JSONMember("schema", .string("cloacina.\(schema)/1"))] + members.map { JSONMember($0.0, $0.1) })
  }

  /// A document whose member `schema` is an array of documents.
  package static func list(_ schema: String, _ items: [JSONValue], _ members: [(String, JSONValue)] = [])
    -> JSONValue
  {
    document(schema, members + [(schema, .array(items))])
  }

  /// A time, or null.
  static func time(_ time: Timestamp?) -> JSONValue { time.map { .string(TimestampFormat.rfc3339($0)) } ?? .null }

  /// A number, or null.
  static func number(_ value: (some BinaryInteger)?) -> JSONValue { value.map { .integer($0) } ?? .null }

  /// Milliseconds from one time to another, or null while one of them is missing.
  static func duration(_ from: Timestamp?, _ to: Timestamp?) -> JSONValue {
    guard let from, let to else { return .null }
    return .integer(max(0, to - from))
  }

  /// Stored bytes as the JSON they are; as a string when they are none; null when there are none.
  static func payload(_ bytes: [UInt8]?) -> JSONValue {
    guard let bytes, !bytes.isEmpty else { return .null }
    let value = try? JSONReader.read(bytes, refuseDuplicates: false)
    return value ?? .string(String(decoding: bytes, as: UTF8.self))
  }
}
