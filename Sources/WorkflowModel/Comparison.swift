extension TriggerRule.Comparison {
  /// True when `found`, nil for a member that is not there, compares with `wanted` as asked.
  ///
  /// `less` and `greater` order two numbers or two strings (by their bytes) and hold for nothing else.
  /// `contains` looks for a piece of a string, an element of an array, or the name of an object's member.
  package func holds(_ found: JSONValue?, _ wanted: JSONValue) -> Bool {
    switch self {
    case .exists: found != nil
    case .equal: found.map { $0.means(wanted) } ?? false
    case .notEqual: !(found.map { $0.means(wanted) } ?? false)
    case .less: found.flatMap { $0.order(wanted) } == .less
    case .greater: found.flatMap { $0.order(wanted) } == .greater
    case .contains: found?.holds(wanted) ?? false
    }
  }
}

extension JSONValue {
  fileprivate enum Order { case less, equal, greater }

  /// True when both stand for the same value: numbers by value, objects whatever the order of their members.
  fileprivate func means(_ other: JSONValue) -> Bool {
    switch (self, other) {
    case (.number, .number): order(other) == .equal
    case (.string(let one), .string(let two)): one.utf8.elementsEqual(two.utf8)
    case (.array(let one), .array(let two)): one.count == two.count && zip(one, two).allSatisfy { $0.means($1) }
    case (.object(let one), .object):
      one.count == other.members?.count && one.allSatisfy { other[$0.name]?.means($0.value) ?? false }
    case (.bool(let one), .bool(let two)): one == two
    case (.null, .null): true
    default: false
    }
  }

  fileprivate func order(_ other: JSONValue) -> Order? {
    switch (self, other) {
    case (.number(let one), .number(let two)):
      if one == two { return .equal }
      if let one = integer, let two = other.integer { return one == two ? .equal : one < two ? .less : .greater }
      guard let one = double, let two = other.double else { return nil }
      return one == two ? .equal : one < two ? .less : .greater
    case (.string(let one), .string(let two)):
      if one.utf8.elementsEqual(two.utf8) { return .equal }
      return one.utf8.lexicographicallyPrecedes(two.utf8) ? .less : .greater
    default: return nil
    }
  }

  fileprivate func holds(_ piece: JSONValue) -> Bool {
    switch (self, piece) {
    case (.string(let text), .string(let part)): JSONValue.find(Array(part.utf8), in: Array(text.utf8))
    case (.array(let elements), _): elements.contains { $0.means(piece) }
    case (.object, .string(let name)): self[name] != nil
    default: false
    }
  }

  private static func find(_ part: [UInt8], in text: [UInt8]) -> Bool {
    guard part.count <= text.count else { return false }
    return (0...(text.count - part.count)).contains { text[$0..<($0 + part.count)].elementsEqual(part) }
  }
}
