/// Why a JSON text does not describe a package, a workflow or a task.
package struct DescriptorError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of mistake it is; stable words for programs.
  package enum Code: String, Sendable, CaseIterable {
    /// A value of another type than the key asks for.
    case wrongType = "CLO-D001"
    case missingKey = "CLO-D002"
    case unknownKey = "CLO-D003"
    /// A number or word outside the values that the key allows.
    case badValue = "CLO-D004"
    /// A text that should hold JSON and does not.
    case badJSON = "CLO-D005"
  }

  package var code: Code
  /// Where, for example `workflows[0].tasks[2].retry.backoff`; empty for the whole value.
  package var path: String
  /// What was found and what is asked for, as a sentence without a full stop.
  package var message: String

  package init(_ code: Code, path: String, _ message: String) {
    self.code = code
    self.path = path
    self.message = message
  }

  package var description: String {
    path.isEmpty ? "\(code.rawValue): \(message)" : "\(code.rawValue): \(path): \(message)"
  }
}
