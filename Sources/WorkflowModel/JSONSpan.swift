/// One member of a JSON object, as places in the object's text.
struct JSONSpan: Sendable, Equatable {
  /// What is known of a member without looking at its text again.
  struct Traits: OptionSet, Sendable {
    let rawValue: UInt8
    /// The name contains a backslash.
    static let escapedName = Traits(rawValue: 1)
    static let object = Traits(rawValue: 2)
    static let null = Traits(rawValue: 4)
    /// An object, in which a member (of itself or of an object inside, arrays apart) is null.
    static let nullInside = Traits(rawValue: 8)
  }

  /// The name without its quotation marks.
  var nameStart: Int32
  var nameEnd: Int32
  var valueStart: Int32 = 0
  var valueEnd: Int32 = 0
  /// Of the name as it reads without escapes.
  var nameHash: UInt32
  var traits: Traits

  var nameRange: Range<Int> { Int(nameStart)..<Int(nameEnd) }
  var valueRange: Range<Int> { Int(valueStart)..<Int(valueEnd) }

  /// The hash of a name, FNV-1a: it only spares comparisons, nothing depends on its quality.
  static func hash(_ name: some Sequence<UInt8>) -> UInt32 {
    var hash: UInt32 = 0x811C_9DC5
    for byte in name { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
    return hash
  }

  /// True when two members, each with its text, have one name.
  static func sameName(
    _ first: JSONSpan, in firstText: UnsafeBufferPointer<UInt8>, _ second: JSONSpan,
    in secondText: UnsafeBufferPointer<UInt8>
  ) -> Bool {
    guard first.nameHash == second.nameHash else { return false }
    guard !first.traits.union(second.traits).contains(.escapedName) else {
      return first.name(in: firstText) == second.name(in: secondText)
    }
    let count = first.nameRange.count
    guard count == second.nameRange.count else { return false }
    for offset in 0..<count
    where firstText[Int(first.nameStart) + offset] != secondText[Int(second.nameStart) + offset] { return false }
    return true
  }

  /// The name as it reads without escapes, in UTF-8; `text` has been validated.
  func name(in text: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    guard traits.contains(.escapedName) else { return Array(text[nameRange]) }
    var reader = JSONReader(bytes: text, refuseDuplicates: false)
    reader.position = Int(nameStart) - 1
    guard let name = try? reader.readString() else { return Array(text[nameRange]) }
    return Array(name.utf8)
  }
}
