import CloacinaRuntime
import WorkflowModel

/// The parameters of one operation, read once each; what nobody read is an error.
struct Parameters {
  private let operation: String
  private let members: [JSONMember]
  private var known: Set<String> = []

  init(_ operation: String, _ document: JSONValue) throws(RuntimeError) {
    self.operation = operation
    guard let members = document.members else {
      throw RuntimeError(.invalid, code: "CLO-D010", "the parameters of \(operation) are not an object")
    }
    self.members = members
  }

  mutating func text(_ name: String) throws(RuntimeError) -> String {
    guard let text = try optionalText(name) else { throw wrong(name, "is missing") }
    return text
  }

  mutating func optionalText(_ name: String) throws(RuntimeError) -> String? {
    guard let value = take(name) else { return nil }
    guard let text = value.text else { throw wrong(name, "is not a string") }
    return text
  }

  mutating func optionalTexts(_ name: String) throws(RuntimeError) -> [String]? {
    guard let value = take(name) else { return nil }
    guard let texts = value.elements?.map(\.text), texts.allSatisfy({ $0 != nil }) else {
      throw wrong(name, "is not an array of strings")
    }
    return texts.compactMap { $0 }
  }

  mutating func optionalInteger(_ name: String, in range: ClosedRange<Int64>) throws(RuntimeError) -> Int64? {
    guard let value = take(name) else { return nil }
    guard let number = value.integer, range.contains(number) else {
      throw wrong(name, "is not a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  mutating func flag(_ name: String) throws(RuntimeError) -> Bool {
    guard let value = take(name) else { return false }
    guard let flag = value.bool else { throw wrong(name, "is not true or false") }
    return flag
  }

  /// To be called after the last parameter was read.
  func finish() throws(RuntimeError) {
    if let stranger = members.first(where: { !known.contains($0.name) }) {
      throw wrong(stranger.name, "is not known")
    }
  }

  /// Null stands for absence.
  private mutating func take(_ name: String) -> JSONValue? {
    known.insert(name)
    let value = members.first { $0.name == name }?.value
    return value == .null ? nil : value
  }

  private func wrong(_ name: String, _ what: String) -> RuntimeError {
    RuntimeError(.invalid, code: "CLO-D010", "parameter '\(name)' of \(operation) \(what)")
  }
}
