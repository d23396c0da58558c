import CloacinaRuntime
import CommandLineInterface
import PackageArchive
import PackageBuilder
import RuntimeAPI
import WorkflowModel

/// `package build`: sources to a verified archive.
enum BuildCommand {
  static func run(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    let options = BuildOptions(
      directory: invocation.operands.first ?? ".", output: invocation["file"], runnerPath: try RunnerPath.required())
    let built: BuiltPackage
    do throws(BuildError) { built = try PackageBuilder.build(options) } catch { throw CommandError(error) }
    for line in built.warnings.split(separator: "\n") { console.note(String(line)) }
    try console.show(
      .document(
        "build",
        [
          ("package", .string(built.package.descriptor.name)), ("version", .string(built.package.descriptor.version)),
          ("digest", .string(built.package.digest.hex)), ("file", .string(built.path)),
          ("archive_bytes", .integer(built.package.archiveByteCount)),
        ]))
    return .success
  }
}

extension CommandError {
  /// What the compiler said follows the message, line by line.
  fileprivate init(_ error: BuildError) {
    self.init(
      error.isRejection ? .packageRejected : .usage, kind: error.isRejection ? "rejected_package" : "invalid",
      code: error.code, error.diagnostics.isEmpty ? error.message : "\(error.message)\n\(error.diagnostics)",
      fix: error.fix)
  }
}
