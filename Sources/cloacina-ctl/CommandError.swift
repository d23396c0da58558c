import CloacinaRuntime
import CommandLineInterface
import RuntimeAPI
import WorkflowModel

/// Why a command did not do what it was asked, with the exit code that says so.
struct CommandError: Error {
  var exitCode: ExitCode
  /// The kind in the contract's spelling, for example `not_found`.
  var kind: String
  var code: String
  var message: String
  var fix: String?

  init(_ exitCode: ExitCode, kind: String, code: String, _ message: String, fix: String? = nil) {
    self.exitCode = exitCode
    self.kind = kind
    self.code = code
    self.message = message
    self.fix = fix
  }

  /// The user's own mistake: exit code 1.
  static func invalid(_ code: String, _ message: String, fix: String? = nil) -> CommandError {
    CommandError(.usage, kind: "invalid", code: code, message, fix: fix)
  }

  init(_ error: UsageError) {
    self.init(.usage, kind: "invalid", code: "CLO-C001", error.message, fix: error.fix)
  }

  init(_ error: RuntimeError) {
    let exitCode: ExitCode =
      switch error.kind {
      case .invalid: .usage
      case .unavailable: .unavailable
      case .notFound: .notFound
      case .refused: .refused
      case .timeout: .timeout
      case .rejectedPackage: .packageRejected
      case .internal: .internal
      }
    self.init(exitCode, kind: error.kind.word, code: error.code, error.message, fix: error.fix)
  }

  /// `cloacina.error/1`
  var contract: JSONValue {
    var members: [(String, JSONValue)] = [
      ("kind", .string(kind)), ("code", .string(code)), ("message", .string(message)),
    ]
    if let fix { members.append(("fix", .string(fix))) }
    return .document("error", members + [("exit_code", .integer(exitCode.rawValue))])
  }
}

/// Runs `body`, translating the engine's errors.
func asking<Value>(_ body: () throws(RuntimeError) -> Value) throws(CommandError) -> Value {
  do throws(RuntimeError) { return try body() } catch { throw CommandError(error) }
}
