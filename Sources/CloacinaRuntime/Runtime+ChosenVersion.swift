import Telemetry
import WorkflowModel
import WorkflowStore

extension Runtime {
  /// What a request's name stands for: among the active versions, or in the version asked for.
  ///
  /// - Throws: ``RuntimeError`` `.notFound`, with the nearest known name or version.
  func resolve(_ request: StartRequest) throws(RuntimeError) -> WorkflowTarget {
    guard let version = request.version else { return try resolve(request.workflow, tenant: request.tenant) }
    let all = try store { store throws(StoreError) in try store.workflows(tenant: request.tenant, package: nil) }
    guard let match = try match(request.workflow, all.filter { $0.version == version }) else {
      throw try missing(request, version, all)
    }
    var target = WorkflowTarget(package: match.package, workflow: match.name, digest: match.digest)
    let known = try versions(tenant: request.tenant, package: match.package)
    target.isAtRest = known.contains { $0.digest == match.digest && $0.state.after(.occupied) != nil }
    return target
  }

  /// Says what is missing: the workflow of every version, the version, or the workflow of that version.
  private func missing(
    _ request: StartRequest, _ version: String, _ all: [WorkflowRecord]
  ) throws(RuntimeError) -> RuntimeError {
    let parts = request.workflow.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    let packages = Set(
      all.filter { $0.package == parts[0] || (parts.count == 1 && $0.name == parts[0]) }.map(\.package)
    ).sorted()
    guard let package = packages.first else {
      let names = all.flatMap { [$0.name, $0.package, "\($0.package).\($0.name)"] }
      let hint = Suggestion.hint(for: request.workflow, in: names)
      return RuntimeError(
        .notFound, code: "CLO-R030", "no version of any package has a workflow '\(request.workflow)'\(hint)",
        fix: "cloacina-ctl package list")
    }
    let known = try versions(tenant: request.tenant, package: package)
    guard known.contains(where: { $0.version == version }) else {
      return Runtime.unknownVersion(package, version, known)
    }
    return RuntimeError(
      .notFound, code: "CLO-R031", "\(package)@\(version) has no workflow '\(request.workflow)'",
      fix: "cloacina-ctl package inspect \(package)@\(version)")
  }

  /// To be called when versions out of service may have runs in flight again: they drain once more, and whoever keeps
  /// the states of versions is told, so that they are drained when those runs are over.
  func versionsOccupied() {
    parts.store.announce([.versions])
    if agent != nil { return parts.upkeep.activationChanged() }
    // Nobody else may be there to do it.
    do throws(RuntimeError) { try settleVersions() } catch {
      Log.write(.warning, "the states of versions were not brought into line", [("error", error.description)])
    }
  }

  /// Registered versions of a package, newest first.
  func versions(tenant: String, package: String) throws(RuntimeError) -> [PackageRecord] {
    try store { store throws(StoreError) in try store.packages(tenant: tenant, name: package) }
  }

  static func unknownVersion(_ package: String, _ version: String, _ known: [PackageRecord]) -> RuntimeError {
    let names = known.map { "\(package)@\($0.version)" }
    let hint = Suggestion.hint(for: "\(package)@\(version)", in: names)
    return RuntimeError(
      .notFound, code: "CLO-R032", "\(package)@\(version) is not registered\(hint)",
      fix: "cloacina-ctl package versions \(package)")
  }
}
