import PackageArchive
import PackageHost
import WorkflowModel

/// Why a package was not built; no archive was written.
package struct BuildError: Error, Sendable, CustomStringConvertible {
  /// Stable code, `CLO-B0nn`, or that of the part that refused.
  package var code: String
  package var message: String
  package var fix: String?
  /// What the compiler said; empty when none ran.
  package var diagnostics = ""
  /// True when the package itself breaks a rule, rather than its build.
  package var isRejection = false

  package init(_ code: String, _ message: String, fix: String? = nil, diagnostics: String = "") {
    self.code = code
    self.message = message
    self.fix = fix
    self.diagnostics = diagnostics
  }

  init(_ error: ArchiveError) {
    self.init(error.code, error.message, fix: error.fix)
    isRejection = true
  }

  init(_ error: HostError) {
    self.init(error.code, error.message)
    isRejection = true
  }

  package var description: String { "\(code): \(message)" }
}
