import CloacinaRuntime
import RuntimeAPI
import WorkflowModel
import WorkflowStore

/// Documents of plans and explanations with every field that they may have.
enum InsightContract {
  private static func side(_ version: String, _ letter: Character, _ tasks: [TaskDefinition]) -> PlanSide {
    PlanSide(
      descriptor: PackageDescriptor(
        name: "p", version: version, workflows: [WorkflowDefinition(name: "w", tasks: tasks)]),
      digest: PackageDigest(hex: String(repeating: letter, count: 64))!, archiveBytes: 1, isolation: "runner",
      targets: ["t"], exports: ["cloacina_package_v1"])
  }

  static var planned: PlannedPackage {
    let (old, new) = (
      side("1.0.0", "a", [TaskDefinition(id: "t")]),
      side("1.1.0", "b", [TaskDefinition(id: "t"), TaskDefinition(id: "u", dependencies: ["t"])])
    )
    let schedule = PlanSchedule(
      id: "s", workflow: "w", schedule: "* * * * *", timezone: "UTC", isEnabled: true, nextRunAt: 1)
    let taken = PackageRecord(
      digest: PackageDigest(hex: String(repeating: "c", count: 64))!, tenant: "public", name: "p", version: "1.1.0",
      description: "", author: "", fingerprint: "", isolation: "runner", archiveBytes: 1, registeredAt: 0)
    return PlannedPackage(
      tenant: "public",
      plan: PackagePlan(
        from: old, to: new, known: [KnownVersion(version: "1.1.0", digest: taken.digest)], schedules: [schedule]),
      activation: Activation(
        tenant: "public", package: "p", version: "1.0.0", digest: old.digest, epoch: 1, activatedAt: 0, previous: nil),
      inFlight: PlanInFlight(workflows: [.init(name: "w", runs: 2, movable: nil)], durations: []),
      refusal: RuntimeError(.refused, code: "CLO-S004", "m", fix: "f"), notes: ["n"])
  }

  static var plan: JSONValue { planned.contract(file: "p.cloacina") }

  static var why: JSONValue {
    var explanation = Explanation(.run, id: "r", state: "waiting")
    explanation.findings = [Finding(.tagMissing, task: "t", "b", evidence: ["e"])]
    (explanation.notCauses, explanation.commands) = (["n"], ["c"])
    return explanation.contract
  }
}
