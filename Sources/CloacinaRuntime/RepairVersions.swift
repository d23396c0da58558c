import PackageRegistry
import WorkflowModel
import WorkflowStore

/// Why the version of a run cannot be had.
enum RepairProblem: Error {
  /// This run is refused.
  case ofRun(RuntimeError)
  /// Nothing can be done now.
  case ofStore(RuntimeError)
}

/// Finds the versions that runs have and are to have, each once.
struct RepairVersions {
  private struct Name: Hashable {
    var tenant: String
    var package: String
  }

  let runtime: Runtime
  /// `active`, or a version's name; nil: none is wanted.
  let wanted: String?
  private var targets: [Name: Result<PackageDigest, RuntimeError>] = [:]
  private var names: [PackageDigest: String] = [:]

  init(runtime: Runtime, wanted: String?) {
    self.runtime = runtime
    self.wanted = wanted
  }

  /// The version the run is pinned to, or what is known of it when it is gone; nil: to none.
  func own(_ run: RunRecord) throws(RepairProblem) -> Result<RunVersion?, LostVersion> {
    guard let digest = run.digest, let workflow = run.workflow else { return .success(nil) }
    let version = run.version ?? digest.short
    switch runtime.parts.registry.resolve(digest, workflow) {
    case .resolved(let plan, _): return .success(RunVersion(digest: digest, version: version, plan: plan))
    case .unavailable(let reason): return .failure(LostVersion(digest: digest, version: version, reason: reason))
    case .unknown(let reason): throw RepairVersions.unanswered(reason)
    }
  }

  /// The version the run is to have; nil: its own.
  mutating func target(_ run: RunRecord) throws(RepairProblem) -> RunVersion? {
    guard let wanted else { return nil }
    guard let package = run.package, let workflow = run.workflow else {
      throw .ofRun(RuntimeError(RunRepair.unpinned))
    }
    let name = Name(tenant: run.tenant, package: package)
    if targets[name] == nil { targets[name] = try find(name, wanted) }
    switch targets[name] {
    case .success(let digest)?:
      return RunVersion(digest: digest, version: names[digest] ?? wanted, plan: try plan(digest, workflow))
    case .failure(let reason)?: throw .ofRun(reason)
    case nil: return nil
    }
  }

  private mutating func find(
    _ name: Name, _ wanted: String
  ) throws(RepairProblem) -> Result<PackageDigest, RuntimeError> {
    do throws(RuntimeError) {
      if wanted == "active" {
        let active = try runtime.store { store throws(StoreError) in
          try store.activation(tenant: name.tenant, package: name.package)
        }
        guard let active else { return .failure(RepairVersions.inactive(name.package)) }
        names[active.digest] = active.version
        return .success(active.digest)
      }
      let known = try runtime.versions(tenant: name.tenant, package: name.package)
      guard let record = known.first(where: { $0.version == wanted }) else {
        return .failure(Runtime.unknownVersion(name.package, wanted, known))
      }
      guard record.state.takesRequestedRuns else { return .failure(RepairVersions.outOfReach(record)) }
      names[record.digest] = record.version
      return .success(record.digest)
    } catch { throw .ofStore(error) }
  }

  private func plan(_ digest: PackageDigest, _ workflow: String) throws(RepairProblem) -> RunPlan {
    switch runtime.parts.registry.resolve(digest, workflow) {
    case .resolved(let plan, _): return plan
    case .unavailable(let reason):
      throw .ofRun(
        RuntimeError(.refused, code: "CLO-R033", reason, fix: "cloacina-ctl package list"))
    case .unknown(let reason): throw RepairVersions.unanswered(reason)
    }
  }

  private static func unanswered(_ reason: String) -> RepairProblem {
    .ofStore(RuntimeError(.unavailable, code: "CLO-R034", reason))
  }

  private static func outOfReach(_ record: PackageRecord) -> RuntimeError {
    RuntimeError(
      .refused, code: "CLO-R043",
      "\(record.name) \(record.version) is \(record.state.rawValue), and takes no run that it does not have already",
      fix: "name another version: cloacina-ctl package versions \(record.name)")
  }

  private static func inactive(_ package: String) -> RuntimeError {
    RuntimeError(
      .notFound, code: "CLO-R035", "package '\(package)' has no active version",
      fix: "cloacina-ctl package activate \(package)@VERSION, or name a version")
  }
}

extension RuntimeError {
  init(_ refusal: RepairRefusal) {
    let (kind, code): (Kind, String) =
      switch refusal.reason {
      case .over: (.refused, "CLO-R036")
      case .incompatible: (.refused, "CLO-R037")
      case .unknownTask: (.notFound, "CLO-R038")
      case .succeeded, .nothingLeft: (.refused, "CLO-R039")
      case .unpinned: (.refused, "CLO-R040")
      case .badInput: (.invalid, "CLO-R041")
      case .withdrawn: (.refused, "CLO-R043")
      case .removed: (.refused, "CLO-R033")
      }
    self.init(kind, code: code, refusal.message, fix: refusal.fix)
  }

  static func restless(_ id: RunID) -> RuntimeError {
    RuntimeError(
      .refused, code: "CLO-R042", "a run changes hands or versions again and again, so that it could not be changed",
      fix: "try again: cloacina-ctl run show \(id)")
  }
}
