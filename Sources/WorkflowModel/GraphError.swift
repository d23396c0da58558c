/// Why a workflow's graph cannot be run.
package struct GraphError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Stable code, `CLO-G0nn`.
  package var code: String
  package var message: String

  package init(code: String, message: String) {
    self.code = code
    self.message = message
  }

  package var description: String { "\(code): \(message)" }
}
