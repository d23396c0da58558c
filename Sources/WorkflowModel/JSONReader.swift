/// A strict reader of RFC 8259 text: no trailing commas, no duplicate names when asked, depth at most 128.
package struct JSONReader {
  /// The deepest nesting that is read.
  package static let depthLimit = 128

  let bytes: UnsafeBufferPointer<UInt8>
  var position = 0
  let refuseDuplicates: Bool
  let depthLimit: Int

  /// Reads `bytes` as one JSON value with nothing but white space around it, nested at most `depthLimit` deep.
  ///
  /// - Throws: ``JSONError`` with the offset of the first byte that breaks a rule.
  package static func read(
    _ bytes: [UInt8], refuseDuplicates: Bool = true, depthLimit: Int = JSONReader.depthLimit
  ) throws(JSONError) -> JSONValue {
    let result = bytes.withUnsafeBufferPointer { buffer -> Result<JSONValue, JSONError> in
      var reader = JSONReader(bytes: buffer, refuseDuplicates: refuseDuplicates, depthLimit: depthLimit)
      do throws(JSONError) { return .success(try reader.readDocument()) } catch { return .failure(error) }
    }
    return try result.get()
  }

  /// Reads `text` as one JSON value.
  package static func read(_ text: String, refuseDuplicates: Bool = true) throws(JSONError) -> JSONValue {
    try read(Array(text.utf8), refuseDuplicates: refuseDuplicates)
  }

  init(
    bytes: UnsafeBufferPointer<UInt8>, refuseDuplicates: Bool, depthLimit: Int = JSONReader.depthLimit
  ) {
    self.bytes = bytes
    self.refuseDuplicates = refuseDuplicates
    self.depthLimit = depthLimit
  }

  mutating func readDocument() throws(JSONError) -> JSONValue {
    skipSpace()
    let value = try readValue(depth: 0)
    skipSpace()
    guard position == bytes.count else { throw JSONError("text after the value", at: position) }
    return value
  }

  var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return
      }
    }
  }

  mutating func readValue(depth: Int) throws(JSONError) -> JSONValue {
    guard let byte = current else { throw JSONError("a value is missing", at: position) }
    switch byte {
    case UInt8(ascii: "{"): return .object(try readObject(depth: depth + 1))
    case UInt8(ascii: "["): return .array(try readArray(depth: depth + 1))
    case UInt8(ascii: "\""): return .string(try readString())
    case UInt8(ascii: "t"): return try readWord("true", .bool(true))
    case UInt8(ascii: "f"): return try readWord("false", .bool(false))
    case UInt8(ascii: "n"): return try readWord("null", .null)
    default: return .number(try readNumber())
    }
  }

  private mutating func readWord(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
    for index in 0..<word.utf8CodeUnitCount {
      guard position + index < bytes.count, bytes[position + index] == word.utf8Start[index] else {
        throw JSONError("'\(word)' was expected", at: position)
      }
    }
    position += word.utf8CodeUnitCount
    return value
  }

  private mutating func readObject(depth: Int) throws(JSONError) -> [JSONMember] {
    try enter(depth)
    var members: [JSONMember] = []
    // Bytes, not strings: Swift holds canonically equivalent texts for one, JSON does not.
    var names: Set<[UInt8]> = []
    skipSpace()
    if current == UInt8(ascii: "}") {
      position += 1
      return members
    }
    while true {
      skipSpace()
      let start = position
      guard current == UInt8(ascii: "\"") else { throw JSONError("a member name was expected", at: position) }
      let name = try readString()
      if refuseDuplicates, !names.insert(Array(name.utf8)).inserted {
        throw JSONError("'\(name)' occurs twice", at: start)
      }
      skipSpace()
      guard current == UInt8(ascii: ":") else { throw JSONError("':' was expected", at: position) }
      position += 1
      skipSpace()
      members.append(JSONMember(name, try readValue(depth: depth)))
      skipSpace()
      if try endsList(with: UInt8(ascii: "}")) { return members }
    }
  }

  private mutating func readArray(depth: Int) throws(JSONError) -> [JSONValue] {
    try enter(depth)
    var elements: [JSONValue] = []
    skipSpace()
    if current == UInt8(ascii: "]") {
      position += 1
      return elements
    }
    while true {
      skipSpace()
      elements.append(try readValue(depth: depth))
      skipSpace()
      if try endsList(with: UInt8(ascii: "]")) { return elements }
    }
  }

  /// Passes the opening bracket of a list at nesting `depth`.
  mutating func enter(_ depth: Int) throws(JSONError) {
    guard depth <= depthLimit else {
      throw JSONError("nesting deeper than \(depthLimit)", at: position)
    }
    position += 1
  }

  /// Passes a comma, or the closing bracket; true for the latter.
  mutating func endsList(with close: UInt8) throws(JSONError) -> Bool {
    guard let byte = current else { throw JSONError("the text ends inside a list", at: position) }
    guard byte == UInt8(ascii: ",") || byte == close else { throw JSONError("',' was expected", at: position) }
    position += 1
    return byte == close
  }
}
