import PackageRegistry
import WorkflowModel
import WorkflowStore

extension Runtime {
  /// Reads what is on record about a package, a version, a workflow or a task.
  ///
  /// - Throws: ``RuntimeError`` `.notFound` with the nearest known name.
  func facts(ofName name: String, tenant: String) throws(RuntimeError) -> NameFacts {
    var tenant = tenant
    let target = try target(of: name, &tenant)
    let (versions, quarantines) = try versionFacts(target.package, tenant: tenant)
    guard !versions.isEmpty else {
      if !quarantines.isEmpty { throw unregistered(target.package, target.version, [], quarantines) }
      throw try unknown(name, tenant: tenant)
    }
    var facts = NameFacts(
      target.subject, name: name, package: target.package, versions: versions, now: try storeTime(),
      isShared: parts.store.isShared)
    facts.quarantines = quarantines
    facts.version = target.version
    facts.workflow = target.workflow
    facts.task = target.task
    try check(facts)
    facts.nodes = try nodes().map(NodeFact.init)
    if let meant = facts.meant {
      facts.definitions = meant.workflows.compactMap { workflow in
        guard case .resolved(let plan, _) = parts.registry.resolve(meant.digest, workflow) else { return nil }
        return plan.definition
      }
    }
    try checkTask(facts)
    try addRecords(to: &facts, tenant: tenant)
    return facts
  }

  private func addRecords(to facts: inout NameFacts, tenant: String) throws(RuntimeError) {
    let package = facts.package
    let key = facts.definitions.first { $0.name == facts.workflow }?.tasks.first { $0.id == facts.task }?.concurrencyKey
    try store { store throws(StoreError) in
      facts.activations = try store.activationHistory(
        tenant: tenant, package: package, limit: Runtime.activationLimit
      ).map(ActivationFact.init)
      if let meant = facts.meant { facts.staging = try store.staged(meant.digest).map(StagingFact.init) }
      facts.open = try store.openRuns(tenant: tenant, package: package).map(OpenRunsFact.init)
      facts.schedules = try store.schedules(tenant: tenant).filter { RunFacts.package(ofType: $0.type) == package }
        .map(ScheduleFact.init)
      if let key, !key.isEmpty {
        facts.permits = try store.permits(tenant: tenant, key: key).map(PermitFact.init)
      }
    }
  }

  // MARK: What a name means

  private struct NameTarget {
    var subject: Explanation.Subject
    var package: String
    var version: String?
    var workflow: String?
    var task: String?
  }

  /// - Parameter tenant: a task's full name says it itself.
  private func target(of name: String, _ tenant: inout String) throws(RuntimeError) -> NameTarget {
    if name.contains("::") {
      let space: Namespace
      do throws(NameError) { space = try Namespace(parsing: name) } catch { throw misnamed(name, error) }
      tenant = space.tenant
      return NameTarget(subject: .task, package: space.package, workflow: space.workflow, task: space.task)
    }
    if name.contains("@") {
      let reference: PackageReference
      do throws(NameError) { reference = try PackageReference(parsing: name) } catch { throw misnamed(name, error) }
      return NameTarget(subject: .version, package: reference.name, version: reference.version?.description)
    }
    if let package = RunFacts.package(ofType: name) {
      return NameTarget(subject: .workflow, package: package, workflow: String(name.dropFirst(package.count + 1)))
    }
    let owners = try store { store throws(StoreError) in try store.workflows(tenant: tenant, package: nil) }
    if !owners.contains(where: { $0.package == name }), let owner = owners.first(where: { $0.name == name }) {
      return NameTarget(subject: .workflow, package: owner.package, workflow: name)
    }
    return NameTarget(subject: .package, package: name)
  }

  /// What was asked for is registered somewhere, be it active or not.
  private func check(_ facts: NameFacts) throws(RuntimeError) {
    if let version = facts.version, !facts.versions.contains(where: { $0.version == version }) {
      throw unregistered(facts.package, version, facts.versions, facts.quarantines)
    }
    let workflows = facts.versions.flatMap(\.workflows)
    if let workflow = facts.workflow, !workflows.contains(workflow) {
      throw RuntimeError(
        .notFound, code: "CLO-R062",
        "no version of package '\(facts.package)' has a workflow '\(workflow)'"
          + Suggestion.hint(for: workflow, in: workflows), fix: "cloacina-ctl package inspect \(facts.package)")
    }
  }

  /// - Parameter version: nil: any.
  private func unregistered(
    _ package: String, _ version: String?, _ known: [VersionFact], _ quarantines: [QuarantineFact]
  ) -> RuntimeError {
    let archives = quarantines.filter { version == nil || $0.version == version }
    let words = archives.map { archive in
      "; an archive of \(archive.version) (\(archive.digest.short)) is in quarantine: "
        + "\(archive.code): \(archive.reason)"
    }
    let others = known.isEmpty ? "none is registered" : "it has \(known.map(\.version).joined(separator: ", "))"
    return RuntimeError(
      .notFound, code: "CLO-R061",
      "package '\(package)' has no version\(version.map { " '\($0)'" } ?? ""); \(others)\(words.joined())",
      fix: archives.isEmpty
        ? "cloacina-ctl package versions \(package)" : "cloacina-ctl package quarantine list")
  }

  private func checkTask(_ facts: NameFacts) throws(RuntimeError) {
    guard let task = facts.task, let workflow = facts.definitions.first(where: { $0.name == facts.workflow }),
      !workflow.tasks.contains(where: { $0.id == task })
    else { return }
    throw RuntimeError(
      .notFound, code: "CLO-R063",
      "workflow '\(workflow.name)' of \(facts.package) \(facts.meant?.version ?? "") has no task '\(task)'"
        + Suggestion.hint(for: task, in: workflow.tasks.map(\.id)),
      fix: "cloacina-ctl workflow graph \(facts.package).\(workflow.name)")
  }

  private func unknown(_ name: String, tenant: String) throws(RuntimeError) -> RuntimeError {
    let known = try store { store throws(StoreError) in try store.workflows(tenant: tenant, package: nil) }
    let names = known.flatMap { [$0.package, "\($0.package).\($0.name)", "\($0.package)@\($0.version)", $0.name] }
    return RuntimeError(
      .notFound, code: "CLO-R060",
      "tenant '\(tenant)' has no run, package or workflow '\(name)'\(Suggestion.hint(for: name, in: names))",
      fix: "cloacina-ctl package list, or cloacina-ctl run list")
  }

  private func misnamed(_ name: String, _ error: NameError) -> RuntimeError {
    RuntimeError(
      .invalid, code: "CLO-R064", "'\(name)' names nothing: \(error)",
      fix: "write a run's id, PACKAGE, PACKAGE@VERSION, PACKAGE.WORKFLOW or TENANT::PACKAGE::WORKFLOW::TASK")
  }
}
