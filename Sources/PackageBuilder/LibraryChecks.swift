import InputSchemas
import WorkflowModel

/// What a built library must hold to, beyond what a host checks when it loads it.
struct LibraryChecks {
  private static let entryPoints: Set = ["cloacina_package_v1", "get_package_metadata_abi", "register_tasks_abi"]
  /// Names that linkers add to a library without a version script; they bind nothing.
  private static let linkerNames: Set = ["_init", "_fini", "_edata", "_end", "__bss_start"]

  /// Dynamic symbols that the library defines, beyond the entry points.
  private var extraExports: [String] = []
  /// True when the library calls a Swift runtime outside itself.
  private var sharesSwiftRuntime = false

  /// Reads the symbols of the library at `path`; none of its code runs.
  ///
  /// - Throws: ``BuildError`` when it is no library.
  init(library path: String) throws(BuildError) {
    for line in try ToolRun.require("nm", ["-D", "-P", path], in: "/").split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard fields.count >= 2, let name = fields[0].split(separator: "@").first.map(String.init) else { continue }
      switch fields[1] {
      case "U", "w", "v": if name.hasPrefix("swift_") { sharesSwiftRuntime = true }
      case "A": break  // the name of a version
      case "u", "i", "B"..."Z":
        if !LibraryChecks.entryPoints.contains(name), !LibraryChecks.linkerNames.contains(name) {
          extraExports.append(name)
        }
      default: break  // bound inside the library only
      }
    }
  }

  /// - Throws: ``BuildError`` when the library exports more than the entry points: a host or another package could
  ///   be bound to it by accident.
  func checkExports() throws(BuildError) {
    guard !extraExports.isEmpty else { return }
    let shown = extraExports.sorted().prefix(5).joined(separator: ", ")
    let more = extraExports.count > 5 ? " and \(extraExports.count - 5) more" : ""
    throw BuildError(
      "CLO-B013", "the library exports more than the entry points: \(shown)\(more)",
      fix: "compile with -fvisibility=hidden, or link with a version script that keeps everything else local")
  }

  /// - Throws: ``BuildError`` when the descriptor is not that of `package.toml`, or cannot be run.
  func check(_ descriptor: PackageDescriptor, name: String, version: String) throws(BuildError) {
    guard descriptor.name == name, descriptor.version == version else {
      throw BuildError(
        "CLO-B009",
        "the library says it is \(descriptor.name) \(descriptor.version), package.toml says \(name) \(version)",
        fix: "use CLOACINA_PACKAGE_NAME and CLOACINA_PACKAGE_VERSION in the source, or correct package.toml")
    }
    if sharesSwiftRuntime, descriptor.compiler.isEmpty {
      throw BuildError(
        "CLO-B014", "the library uses its host's Swift runtime but does not say which compiler built it",
        fix: "fill in `compiler`: PackageIdentity does so unless told otherwise")
    }
    for workflow in descriptor.workflows {
      do throws(GraphError) { _ = try RunPlan(workflow) } catch {
        var refusal = BuildError(error.code, "workflow '\(workflow.name)': \(error.message)")
        refusal.isRejection = true
        throw refusal
      }
      do throws(InputSchemaError) { _ = try workflow.inputCheck() } catch {
        var refusal = BuildError(
          InputSchemaError.code, "the input schema of workflow '\(workflow.name)' cannot be used: \(error)",
          fix: "correct the schema; docs/input-schemas.md says what is supported")
        refusal.isRejection = true
        throw refusal
      }
    }
  }
}
