/// Names and values that people give a run to find it by.
package struct RunLabels: Sendable, Equatable {
  /// Labels of one run, and bytes of a name and of a value.
  package static let limit = 32
  package static let nameLimit = 63
  package static let valueLimit = 256

  package private(set) var values: [String: String] = [:]

  package init() {}

  /// - Parameter texts: each `name=value`.
  /// - Throws: ``LabelError`` for a text that is none, a name that comes twice, and too many or too long ones.
  package init(parsing texts: [String]) throws(LabelError) {
    for text in texts {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2 else { throw LabelError("'\(text)' is no label; write name=value") }
      try add(parts[0], parts[1])
    }
    guard values.count <= RunLabels.limit else {
      throw LabelError("a run has at most \(RunLabels.limit) labels, these are \(values.count)")
    }
  }

  private mutating func add(_ name: String, _ value: String) throws(LabelError) {
    guard !name.isEmpty, name.utf8.count <= RunLabels.nameLimit, name.utf8.allSatisfy(RunLabels.isNameLetter) else {
      throw LabelError(
        "'\(name)' is no name of a label: 1 to \(RunLabels.nameLimit) of the letters a to z, digits and _ . - /")
    }
    guard value.utf8.count <= RunLabels.valueLimit, !value.unicodeScalars.contains(where: { $0.value < 32 }) else {
      throw LabelError(
        "the value of label '\(name)' is no text of at most \(RunLabels.valueLimit) bytes without control characters")
    }
    guard values.updateValue(value, forKey: name) == nil else { throw LabelError("label '\(name)' is given twice") }
  }

  private static func isNameLetter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: "_.-/".utf8.contains(byte)
    }
  }

  /// A JSON object of strings, by name; empty when there are no labels.
  package var json: [UInt8] {
    guard !values.isEmpty else { return [] }
    return JSONValue.object(values.keys.sorted().map { JSONMember($0, .optional(values[$0])) }).bytes
  }
}

/// Why a text is no label.
package struct LabelError: Error, Sendable, Equatable, CustomStringConvertible {
  package let description: String

  init(_ description: String) { self.description = description }
}
