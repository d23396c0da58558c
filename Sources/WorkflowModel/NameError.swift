/// Why a text is not the name, reference or version that was asked for.
package struct NameError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of mistake it is; stable words for programs.
  package enum Code: String, Sendable {
    case empty = "CLO-N001"
    case tooLong = "CLO-N002"
    /// A byte that the grammar does not allow at its place.
    case badCharacter = "CLO-N003"
    /// Too few or too many parts.
    case wrongShape = "CLO-N004"
    case badVersion = "CLO-N005"
  }

  package var code: Code
  /// The part at fault: `tenant`, `package`, `workflow`, `task`, `version` or `name`.
  package var part: String
  /// Offset of the offending byte in the whole text, from 0.
  package var offset: Int
  package var message: String

  package init(_ code: Code, part: String, offset: Int, _ message: String) {
    self.code = code
    self.part = part
    self.offset = offset
    self.message = message
  }

  package var description: String { "\(code.rawValue): \(message) (\(part), byte \(offset))" }
}
