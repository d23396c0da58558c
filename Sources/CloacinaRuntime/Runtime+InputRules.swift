import PackageRegistry
import WorkflowModel
import WorkflowStore

/// What the inputs of new runs of a workflow have to fit: the schema of the version that takes them.
struct InputRules {
  /// Nil: anything goes.
  private var check: Check?
  /// The version that takes a share of the runs.
  private var canary: (share: CanaryShare, check: Check?)?

  /// A version with a plan that has an input check.
  private struct Check {
    var version: String
    var plan: RunPlan
  }

  /// Nothing is asked.
  init() {}

  init(_ version: RunVersion?, canary: (share: CanaryShare, version: RunVersion?)?) {
    check = InputRules.check(version)
    self.canary = canary.map { ($0.share, InputRules.check($0.version)) }
  }

  private static func check(_ version: RunVersion?) -> Check? {
    guard let version, version.plan.inputCheck != nil else { return nil }
    return Check(version: version.version, plan: version.plan)
  }

  /// - Parameter index: place of the input among several; nil: it is alone.
  /// - Throws: ``RuntimeError`` `.invalid` for an input that the version of this run does not take.
  func check(_ input: [UInt8], _ run: RunID, _ index: Int?) throws(RuntimeError) {
    guard check != nil || canary != nil else { return }
    let check = if let canary, canary.share.takes(run) { canary.check } else { self.check }
    guard let check, let misfit = check.plan.misfit(of: input) else { return }
    let which = index.map { "input \($0 + 1): " } ?? ""
    throw RuntimeError(
      .invalid, code: InputMisfit.code, "\(which)\(misfit.sentence) (version \(check.version))",
      fix: "correct the input; cloacina-ctl workflow graph NAME -o json shows the schema")
  }
}

extension Runtime {
  /// The target with what its version, or the versions that new runs take now, ask of an input.
  ///
  /// Another one may be active once the run is stored: the engine looks again when it plans the run.
  func ruled(_ target: WorkflowTarget, _ request: StartRequest) -> WorkflowTarget {
    var target = target
    if let digest = target.digest {
      let version = version(digest, request.version ?? digest.short, target.workflow)
      target.inputRules = InputRules(version, canary: nil)
    } else if let activation = target.activation {
      let canary = activation.canary.map { canary in
        (share: canary.share, version: version(canary.digest, canary.version, target.workflow))
      }
      let active = version(activation.digest, activation.version, target.workflow)
      target.inputRules = InputRules(active, canary: canary)
    }
    return target
  }

  /// Nil when its graph cannot be had now: the run says so when it is planned.
  private func version(_ digest: PackageDigest, _ name: String, _ workflow: String) -> RunVersion? {
    guard case .resolved(let plan, _) = parts.registry.resolve(digest, workflow) else { return nil }
    return RunVersion(digest: digest, version: name, plan: plan)
  }
}
