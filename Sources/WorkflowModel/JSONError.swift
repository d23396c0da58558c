/// Why a text is not the JSON that was asked for, and where.
package struct JSONError: Error, Equatable, CustomStringConvertible {
  /// What was wrong, as a sentence without a full stop.
  package var message: String
  /// Offset of the offending byte, from 0.
  package var offset: Int

  package init(_ message: String, at offset: Int) {
    self.message = message
    self.offset = offset
  }

  package var description: String { "\(message) at byte \(offset)" }
}
