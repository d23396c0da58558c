import PackageRegistry
import Telemetry
import Threading
package import WorkflowModel
package import WorkflowStore

extension Runtime {
  /// Swaps a registered version in: new runs take it from then on.
  ///
  /// - Throws: ``RuntimeError``; what was active stays so.
  package func activate(
    tenant: String, name: String, version: String, _ options: SwapOptions = SwapOptions()
  ) throws(RuntimeError) -> ActivationResult {
    let began = Clock.monotonic
    let record = try find(tenant, name, version)
    return try activate(record, options, began: began)
  }

  /// The same for a version that is known. For the one that is active nothing is swapped; its canary ends.
  func activate(_ record: PackageRecord, _ options: SwapOptions, began: UInt64) throws(RuntimeError)
    -> ActivationResult
  {
    let before = try activation(record.tenant, record.name)
    try refuseWithoutReturn(record, before, options)
    if let before, before.digest == record.digest {
      guard before.canary != nil || options.rule != nil else {
        return ActivationResult(activation: try withRule(before), swap: nil)
      }
      var request = ActivationRequest(
        tenant: record.tenant, package: record.name, digest: record.digest, origin: parts.origin)
      request.rule = options.rule
      let activation = try write { [request] store throws(StoreError) in try store.activate(request, now: Clock.now) }
      activationChanged()
      return ActivationResult(activation: try withRule(activation), swap: nil)
    }
    try refuse(record)
    try refuseDowngrade(record.name, to: record.version, before, options)
    var order = SwapOrder(kind: .activate, source: .registered(record), before: before, origin: parts.origin)
    order.options = options
    return try swap(order, began: began)
  }

  /// Swaps the version in that was active before.
  ///
  /// - Parameters:
  ///   - kind: `.rollback`, or `.automatic` for one that a rule decided.
  ///   - actor: who decided it, for the audit trail; nil: an operator.
  ///   - broken: the rule that it is done for; nothing is done when that is over.
  package func rollBack(
    tenant: String, name: String, kind: SwapKind = .rollback, actor: String? = nil,
    for broken: RollbackOrder? = nil, _ options: SwapOptions = SwapOptions()
  ) throws(RuntimeError) -> ActivationResult {
    let began = Clock.monotonic
    let before = try activeVersion(tenant: tenant, name: name)
    if let known = options.knownEpoch, known != before.epoch {
      throw RuntimeError(StoreError.activationMoved(before, knownEpoch: known, package: name))
    }
    let versions = try store { store throws(StoreError) in try store.packages(tenant: tenant, name: name) }
    guard let previous = before.previous, let record = versions.first(where: { $0.digest == previous }) else {
      throw RuntimeError(
        .notFound, code: "CLO-R003",
        "package '\(name)' has no other version that was active before \(before.version) and may be so again",
        fix: "cloacina-ctl package versions \(name)")
    }
    let origin = Origin(actor: actor ?? parts.origin.actor, node: parts.origin.node)
    var order = SwapOrder(kind: kind, source: .registered(record), before: before, origin: origin)
    order.options = options
    order.broken = broken
    return try swap(order, began: began)
  }

  /// Lets a registered version take a share of the package's new runs.
  ///
  /// - Throws: ``RuntimeError``; nothing has changed then.
  package func setCanary(
    tenant: String, name: String, version: String, share: CanaryShare, _ options: SwapOptions = SwapOptions()
  ) throws(RuntimeError) -> CanaryResult {
    let began = Clock.monotonic
    let record = try find(tenant, name, version)
    try refuse(record)
    let before = try activation(tenant, name)
    guard let before, before.digest != record.digest else {
      let reason = before == nil ? "has no active version that a canary could stand beside" : "is active already"
      throw RuntimeError(
        .refused, code: "CLO-R080", "'\(name)\(before == nil ? "" : "@\(version)")' \(reason)",
        fix: "cloacina-ctl package activate \(name)@\(version)")
    }
    var order = SwapOrder(kind: .canary, source: .registered(record), before: before, origin: parts.origin)
    order.options = options
    order.share = share
    let lead = try SwapLead(self, order, began: began)
    guard case .canary(let canary) = try lead.run() else { preconditionFailure("a canary is no activation") }
    return CanaryResult(canary: canary, swap: lead.report, rollbackOn: try rule(of: canary))
  }

  /// Ends a package's canary; its runs go on, and new ones take the active version.
  ///
  /// - Parameters:
  ///   - actor: who decided it, for the audit trail; nil: an operator.
  ///   - broken: the rule that it is done for; nothing is done when that is over.
  @discardableResult package func endCanary(
    tenant: String, name: String, actor: String? = nil, for broken: RollbackOrder? = nil
  ) throws(RuntimeError) -> CanaryResult {
    let origin = Origin(actor: actor ?? parts.origin.actor, node: parts.origin.node)
    let canary = try write { store throws(StoreError) in
      try store.endCanary(tenant: tenant, package: name, origin: origin, for: broken, now: Clock.now)
    }
    try settleVersions(tenant, name)
    activationChanged()
    return CanaryResult(canary: canary, swap: nil)
  }

  /// Swaps of a package, newest first.
  package func swaps(tenant: String, name: String, limit: Int) throws(RuntimeError) -> [SwapRecord] {
    var filter = SwapFilter()
    (filter.tenant, filter.package, filter.limit) = (tenant, name, limit)
    return try store { [filter] store throws(StoreError) in try store.swaps(filter) }
  }

  /// Rows of the audit trail, newest first.
  package func audit(_ filter: AuditFilter) throws(RuntimeError) -> [AuditRecord] {
    try store { store throws(StoreError) in try store.audit(filter) }
  }

  // MARK: For the lead of a swap

  /// Whether nodes beside this process take in work.
  func hasOtherNodes() throws(RuntimeError) -> Bool {
    try NodeRules.otherNodes(nodes(), bootID: parts.bootID) > 0
  }

  /// How far the nodes are with a version.
  func verdict(_ digest: PackageDigest, _ goal: StagingVerdict.Goal) throws(RuntimeError) -> StagingVerdict {
    let nodes = try nodes()
    let reports = try store { store throws(StoreError) in try store.staged(digest) }
    return StagingVerdict(nodes: nodes, reports: reports, goal: goal)
  }

  /// Milliseconds that the self-test of a version may take that is in place.
  func selfTestLimit(_ digest: PackageDigest) throws(RuntimeError) -> Int64 {
    try registry { registry throws(RegistryError) in SelfTest.limit(of: try registry.manifest(digest).workflows) }
  }

  /// Brings the states of versions into line with the runs in flight.
  ///
  /// - Parameter package: the one that it is done for, if it is for one; what is wrong with others is only logged.
  func settleVersions(_ tenant: String? = nil, _ package: String? = nil) throws(RuntimeError) {
    let engine = Origin(actor: "engine", node: parts.origin.node)
    let settlement = try write { store throws(StoreError) in try store.settleVersions(by: engine, now: Clock.now) }
    for failure in settlement.failures {
      Log.write(.warning, "the states of versions were not brought into line", [("of", failure.sentence)])
    }
    let own = settlement.failures.first { $0.tenant == tenant && $0.package == package }
    if let own { throw RuntimeError(own.error) }
  }

  // MARK: Refusing before anything is begun

  static let listFix = "cloacina-ctl package list"

  func find(_ tenant: String, _ name: String, _ version: String) throws(RuntimeError) -> PackageRecord {
    try registry { registry throws(RegistryError) in
      try registry.version(tenant: tenant, name: name, version: version)
    }
  }

  func refuseDowngrade(_ name: String, to version: String, _ before: Activation?, _ options: SwapOptions)
    throws(RuntimeError)
  {
    guard let before, !options.allowsDowngrade, SemanticVersion.isDowngrade(from: before.version, to: version) else {
      return
    }
    throw RuntimeError(
      StoreError(.downgrade, "\(name) \(version) is lower than \(before.version), which is active"))
  }

  private func refuse(_ record: PackageRecord) throws(RuntimeError) {
    if record.state == .yanked { throw RuntimeError.yanked(record) }
    if record.state == .quarantined {
      try registry { registry throws(RegistryError) in
        try registry.refuseQuarantined(record.tenant, record.digest)
      }
    }
  }

  private func swap(_ order: SwapOrder, began: UInt64) throws(RuntimeError) -> ActivationResult {
    let lead = try SwapLead(self, order, began: began)
    guard case .activation(let activation) = try lead.run() else { preconditionFailure("an activation sets no canary") }
    return ActivationResult(activation: activation.under(order.options.rule), swap: lead.report)
  }
}
