/// A JSON object kept as the text it was written with, and where its members are in it.
package struct JSONObjectText: Sendable, Equatable {
  package let bytes: [UInt8]
  let members: [JSONSpan]

  /// Takes over text after checking that it is one JSON object by RFC 8259, no deeper than 128 and without
  /// two members of one name at any depth; no bytes at all stand for `{}`.
  ///
  /// - Throws: ``JSONError`` with the offset of the first byte that breaks a rule.
  package init(_ bytes: [UInt8]) throws(JSONError) {
    guard !bytes.isEmpty else {
      self = .empty
      return
    }
    let scanned = bytes.withUnsafeBufferPointer { buffer -> Result<[JSONSpan], JSONError> in
      do throws(JSONError) { return .success(try JSONScanner.scanObject(buffer)) } catch { return .failure(error) }
    }
    members = try scanned.get()
    self.bytes = bytes
  }

  /// Text whose members are known.
  init(bytes: [UInt8], members: [JSONSpan]) {
    self.bytes = bytes
    self.members = members
  }

  /// `{}`
  package static let empty = JSONObjectText(bytes: Array("{}".utf8), members: [])

  /// The names of the members, in the order they were written.
  package var names: [String] {
    bytes.withUnsafeBufferPointer { buffer in
      members.map { String(decoding: $0.name(in: buffer), as: UTF8.self) }
    }
  }

  /// The text of the value of the member called `name`, or nil when there is none.
  package func value(of name: String) -> ArraySlice<UInt8>? {
    let wanted = Array(name.utf8)
    let hash = JSONSpan.hash(wanted)
    let found = bytes.withUnsafeBufferPointer { buffer in
      members.first { $0.nameHash == hash && $0.name(in: buffer) == wanted }
    }
    return found.map { bytes[$0.valueRange] }
  }
}
