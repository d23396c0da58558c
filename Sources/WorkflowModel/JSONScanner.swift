/// Checks that bytes are one JSON object, as strictly as ``JSONReader``, and notes where its members are.
///
/// Builds no values; the table of members is all it allocates.
struct JSONScanner {
  let bytes: UnsafeBufferPointer<UInt8>
  var position = 0
  /// Members of the objects being scanned, outermost first; in the end those of the outermost object.
  var spans: [JSONSpan] = []
  /// A member with the value null was passed, outside arrays.
  private var sawNull = false

  init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  /// Scans the whole text.
  ///
  /// - Throws: ``JSONError`` with the offset of the first byte that breaks a rule.
  static func scanObject(_ bytes: UnsafeBufferPointer<UInt8>) throws(JSONError) -> [JSONSpan] {
    guard bytes.count <= Int(Int32.max) else { throw JSONError("a text of more than 2 GiB", at: Int(Int32.max)) }
    var scanner = JSONScanner(bytes)
    scanner.skipSpace()
    guard scanner.current == UInt8(ascii: "{") else {
      throw JSONError("an object was expected", at: scanner.position)
    }
    try scanner.skipObject(depth: 1)
    scanner.skipSpace()
    guard scanner.position == bytes.count else { throw JSONError("text after the value", at: scanner.position) }
    return scanner.spans
  }

  /// The byte at the position; 0, which no rule allows outside strings, after the end.
  var current: UInt8 { position < bytes.count ? bytes[position] : 0 }

  mutating func skipSpace() {
    while position < bytes.count {
      let byte = bytes[position]
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
      position += 1
    }
  }

  private mutating func skipValue(depth: Int) throws(JSONError) -> JSONSpan.Traits {
    switch current {
    case UInt8(ascii: "\""): _ = try skipString()
    case UInt8(ascii: "{"):
      let before = sawNull
      sawNull = false
      try skipObject(depth: depth + 1)
      let inside = sawNull
      sawNull = before || inside
      return inside ? [.object, .nullInside] : .object
    case UInt8(ascii: "["):
      let before = sawNull
      try skipArray(depth: depth + 1)
      sawNull = before
    case UInt8(ascii: "t"): try skipWord("true")
    case UInt8(ascii: "f"): try skipWord("false")
    case UInt8(ascii: "n"):
      try skipWord("null")
      return .null
    default: try skipNumber()
    }
    return []
  }

  private mutating func skipObject(depth: Int) throws(JSONError) {
    try enter(depth)
    let first = spans.count
    skipSpace()
    if current == UInt8(ascii: "}") {
      position += 1
      return
    }
    repeat {
      skipSpace()
      try skipMember(depth: depth)
      skipSpace()
    } while try !endsList(with: UInt8(ascii: "}"))
    try refuseDuplicates(from: first)
    if depth > 1 { spans.removeSubrange(first...) }
  }

  private mutating func skipMember(depth: Int) throws(JSONError) {
    guard current == UInt8(ascii: "\"") else { throw JSONError("a member name was expected", at: position) }
    let start = position + 1
    let escaped = try skipString()
    var span = JSONSpan(
      nameStart: Int32(start), nameEnd: Int32(position - 1), nameHash: 0, traits: escaped ? .escapedName : [])
    span.nameHash = escaped ? JSONSpan.hash(span.name(in: bytes)) : JSONSpan.hash(bytes[span.nameRange])
    skipSpace()
    guard current == UInt8(ascii: ":") else { throw JSONError("':' was expected", at: position) }
    position += 1
    skipSpace()
    span.valueStart = Int32(position)
    let traits = try skipValue(depth: depth)
    span.valueEnd = Int32(position)
    span.traits.formUnion(traits)
    if traits.contains(.null) { sawNull = true }
    spans.append(span)
  }

  private mutating func skipArray(depth: Int) throws(JSONError) {
    try enter(depth)
    skipSpace()
    if current == UInt8(ascii: "]") {
      position += 1
      return
    }
    repeat {
      skipSpace()
      _ = try skipValue(depth: depth)
      skipSpace()
    } while try !endsList(with: UInt8(ascii: "]"))
  }

  private mutating func enter(_ depth: Int) throws(JSONError) {
    guard depth <= JSONReader.depthLimit else {
      throw JSONError("nesting deeper than \(JSONReader.depthLimit)", at: position)
    }
    position += 1
  }

  private mutating func endsList(with close: UInt8) throws(JSONError) -> Bool {
    guard position < bytes.count else { throw JSONError("the text ends inside a list", at: position) }
    let byte = bytes[position]
    guard byte == UInt8(ascii: ",") || byte == close else { throw JSONError("',' was expected", at: position) }
    position += 1
    return byte == close
  }
}
