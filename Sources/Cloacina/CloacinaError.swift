import CloacinaRuntime
import WorkflowModel

/// Why something was refused or could not be done: what happened, what to do about it, and a code that never changes.
public struct CloacinaError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of thing went wrong; enough to decide whether to try again, to ask somebody or to give up.
  public enum Kind: String, Sendable, CaseIterable {
    /// The request makes no sense: a name, an option or a context breaks a rule.
    case invalid
    /// The database, a file or the engine itself is out of reach; the same call may succeed later.
    case unavailable
    /// There is no such package, version, workflow, task or run.
    case notFound
    /// It would contradict what is recorded, or the database belongs to another process.
    case refused
    /// It was not over in time; it goes on.
    case timeout
    /// The archive was not accepted, or its library cannot be loaded.
    case rejectedPackage
    /// The run did not succeed.
    case failed
    /// A fault of the engine.
    case `internal`
  }

  /// What kind of thing went wrong.
  public let kind: Kind
  /// Stable code, `CLO-…`.
  public let code: String
  /// What happened, with the evidence, as a sentence without a full stop.
  public let message: String
  /// What to do about it; nil where the message says all there is.
  public let fix: String?

  init(_ kind: Kind, code: String, _ message: String, fix: String? = nil) {
    self.kind = kind
    self.code = code
    self.message = message
    self.fix = fix
  }

  /// Code, message and what to do, in one line.
  public var description: String { "\(code): \(message)" + (fix.map { "; \($0)" } ?? "") }
}

extension CloacinaError {
  init(_ error: RuntimeError) {
    let kind: Kind =
      switch error.kind {
      case .invalid: .invalid
      case .unavailable: .unavailable
      case .notFound: .notFound
      case .refused: .refused
      case .timeout: .timeout
      case .rejectedPackage: .rejectedPackage
      case .internal: .internal
      }
    self.init(kind, code: error.code, error.message, fix: error.fix)
  }

  init(_ error: NameError) {
    self.init(.invalid, code: error.code.rawValue, error.message, fix: "correct byte \(error.offset) of the name")
  }

  static let closed = CloacinaError(
    .unavailable, code: "CLO-E001", "the engine is closed", fix: "open it again; what it had begun goes on then")
}
