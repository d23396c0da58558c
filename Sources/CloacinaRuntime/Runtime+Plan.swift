package import PackageHost
import PackageRegistry
import Threading
package import WorkflowModel
package import WorkflowStore

/// What registering and activating an archive would change, and whom it would meet.
package struct PlannedPackage: Sendable {
  package var tenant: String
  package var plan: PackagePlan
  /// What is active now.
  package var activation: Activation?
  /// Runs on what is active now.
  package var inFlight: PlanInFlight
  /// Why registering or activating the archive would be refused; nil: it would not.
  package var refusal: RuntimeError?
  /// Sentences on what refuses nothing.
  package var notes: [String]

  package init(
    tenant: String, plan: PackagePlan, activation: Activation?, inFlight: PlanInFlight, refusal: RuntimeError?,
    notes: [String] = []
  ) {
    self.tenant = tenant
    self.plan = plan
    self.activation = activation
    self.inFlight = inFlight
    self.refusal = refusal
    self.notes = notes
  }
}

extension Runtime {
  /// With more runs in flight than this it is not counted how many of a workflow could be moved.
  private static let mostCounted = 1000

  /// Compares an archive with the active version of its package. Nothing of it is run, and nothing is written.
  ///
  /// - Parameter isolation: how the archive would be registered.
  /// - Throws: ``RuntimeError`` `.rejectedPackage` for an archive that would be refused for itself.
  package func plan(archive: [UInt8], tenant: String, isolation: Isolation) throws(RuntimeError) -> PlannedPackage {
    var new: PlanSide
    do throws(RegistryError) { new = try parts.registry.examine(archive: archive, isolation: isolation) } catch {
      throw RuntimeError(error)
    }
    let name = new.descriptor.name
    let (versions, activation, schedules, quarantines) = try store { store throws(StoreError) in
      (
        try store.packages(tenant: tenant, name: name), try store.activation(tenant: tenant, package: name),
        try store.schedules(tenant: tenant), try store.quarantines(tenant: tenant)
      )
    }
    // The same bytes again keep what they were registered with.
    if let known = versions.first(where: { $0.digest == new.digest }) { new.isolation = known.isolation }
    let active = activation.flatMap { activation in versions.first { $0.digest == activation.digest } }
    let old = try active.map { record throws(RuntimeError) in try examine(record) }
    let plan = PackagePlan(
      from: old, to: new, known: versions.map { KnownVersion(version: $0.version, digest: $0.digest) },
      schedules: schedules.compactMap { $0.planned(for: name) })
    let obstacles = PlanObstacles(new: new, versions: versions, quarantines: quarantines, now: Clock.now)
    return PlannedPackage(
      tenant: tenant, plan: plan, activation: activation, inFlight: try inFlight(plan, tenant: tenant),
      refusal: obstacles.refusal, notes: obstacles.notes)
  }

  private func examine(_ active: PackageRecord) throws(RuntimeError) -> PlanSide {
    do throws(RegistryError) { return try parts.registry.examine(active) } catch {
      throw RuntimeError(
        .unavailable, code: "CLO-R065",
        "\(active.name) \(active.version), which is active, cannot be compared with: \(RuntimeError(error).message)",
        fix: "cloacina-ctl db check")
    }
  }

  private func inFlight(_ plan: PackagePlan, tenant: String) throws(RuntimeError) -> PlanInFlight {
    guard let old = plan.old else { return PlanInFlight(workflows: [], durations: []) }
    return try store { store throws(StoreError) in
      let open = try store.openRuns(tenant: tenant, package: old.descriptor.name).filter { $0.digest == old.digest }
      var workflows: [PlanInFlight.Workflow] = []
      for workflow in old.descriptor.workflows {
        let type = "\(old.descriptor.name).\(workflow.name)"
        let count = open.filter { $0.type == type }.reduce(0) { $0 + $1.count }
        guard count > 0 else { continue }
        let next = plan.new.descriptor.workflows.first { $0.name == workflow.name }
        let fit: GraphFit
        do throws(GraphError) { fit = try GraphFit(from: workflow, to: next) } catch {
          throw StoreError(.corrupt, "the graph of \(type) cannot run: \(error); run 'cloacina-ctl db check'")
        }
        var movable: Int? = fit.isUnchanged ? count : fit.isGone ? 0 : nil
        if movable == nil, count <= Runtime.mostCounted {
          let ended = try store.endedTasks(tenant: tenant, digest: old.digest, workflow: workflow.name)
          movable = max(0, count - ended.count { !fit.fits($0) })
        }
        workflows.append(
          PlanInFlight.Workflow(
            name: workflow.name, runs: count, movable: movable,
            follows: workflow.upgrade == .nextTask && plan.verdict != .unchanged))
      }
      return PlanInFlight(
        workflows: workflows, durations: try store.recentDurations(tenant: tenant, digest: old.digest))
    }
  }
}

extension ScheduleRecord {
  /// The schedule as a plan for the package sees it; nil when it starts something else.
  fileprivate func planned(for package: String) -> PlanSchedule? {
    guard RunFacts.package(ofType: type) == package else { return nil }
    return PlanSchedule(
      id: id, workflow: String(type.dropFirst(package.count + 1)), schedule: schedule, timezone: timezone,
      isEnabled: isEnabled, nextRunAt: nextRunAt)
  }
}
