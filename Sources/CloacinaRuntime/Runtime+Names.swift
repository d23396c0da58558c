import WorkflowModel
import WorkflowStore

/// A workflow that a name stands for.
struct WorkflowTarget {
  var package: String
  var workflow: String
  /// Nil: whichever is active when the run is stored.
  var digest: PackageDigest?
  /// What was active when it was looked up; nil for a version that was asked for.
  var activation: Activation?
  /// Nothing is asked until ``Runtime/ruled(_:_:)`` has looked.
  var inputRules = InputRules()
  /// The version was out of service, without a run in flight.
  var isAtRest = false
}

extension Runtime {
  /// What `name` stands for: `package.workflow`, the only workflow of that name, or the only one of a package.
  ///
  /// - Throws: ``RuntimeError`` `.notFound`, with the nearest known name; `.invalid` when several match.
  func resolve(_ name: String, tenant: String) throws(RuntimeError) -> WorkflowTarget {
    let (activations, known) = try active(tenant)
    guard let match = try match(name, known) else { throw unknownWorkflow(name, tenant, known) }
    var target = WorkflowTarget(package: match.package, workflow: match.name)
    target.activation = activations.first { $0.package == match.package }
    return target
  }

  /// The one of `known` that `name` stands for; nil when there is none.
  ///
  /// - Throws: ``RuntimeError`` `.invalid` when several match.
  func match(_ name: String, _ known: [WorkflowRecord]) throws(RuntimeError) -> WorkflowRecord? {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    let matches =
      parts.count == 2
      ? known.filter { $0.package == parts[0] && $0.name == parts[1] }
      : candidates(name, known)
    guard matches.count <= 1 else {
      let names = matches.map { "\($0.package).\($0.name)" }.sorted().joined(separator: ", ")
      throw RuntimeError(
        .invalid, code: "CLO-R007", "'\(name)' may mean \(names)", fix: "name package and workflow: package.workflow")
    }
    return matches.first
  }

  private func candidates(_ name: String, _ known: [WorkflowRecord]) -> [WorkflowRecord] {
    let byWorkflow = known.filter { $0.name == name }
    return byWorkflow.isEmpty ? known.filter { $0.package == name } : byWorkflow
  }

  private func unknownWorkflow(_ name: String, _ tenant: String, _ known: [WorkflowRecord]) -> RuntimeError {
    if name == SelfTest.name || name.hasSuffix(".\(SelfTest.name)") {
      return RuntimeError(
        .notFound, code: "CLO-R085",
        "'\(name)' is run whenever a version of its package is probed, and cannot be started",
        fix: "cloacina-ctl workflow list")
    }
    let names = known.flatMap { [$0.name, $0.package, "\($0.package).\($0.name)"] }
    let hint = Suggestion.nearest(to: name, in: names).map { "; did you mean '\($0)'?" } ?? ""
    let none = known.isEmpty ? "; no package is active for tenant '\(tenant)'" : ""
    return RuntimeError(
      .notFound, code: "CLO-R008", "there is no active workflow '\(name)'\(hint)\(none)",
      fix: "cloacina-ctl workflow list")
  }
}
