import WorkflowModel
import WorkflowStore

/// Short words for what passes between nodes.
extension Bench {
  // MARK: Permits

  func permit(_ lease: LeaseKey, _ key: String = "k", task: String = "one", limit: Int = 1) throws -> Bool {
    let request = PermitRequest(key: PermitKey(lease: lease, tenant: "public", key: key, task: task), limit: limit)
    let outcome = try apply { $0.permits = [request] }
    try expectEqual(outcome.permits.count, 1, "outcomes of one permit")
    return outcome.permits[0]
  }

  func giveBack(_ lease: LeaseKey, _ key: String = "k", task: String = "one") throws {
    _ = try apply { $0.permitReleases = [PermitKey(lease: lease, tenant: "public", key: key, task: task)] }
  }

  // MARK: Offered tasks

  /// A call of a task of the run, with values in every field.
  static func call(_ run: ClaimedRun, _ task: String = "one", attempt: Int = 1) -> TaskCall {
    TaskCall(
      id: 77, digest: run.digest, tenant: run.tenant, package: run.package, workflow: run.workflow, task: task,
      workflowIndex: 2, taskIndex: 5, attempt: attempt, runID: run.lease.run, timeoutMilliseconds: 1500,
      input: Array(#"{ "k":1e400,"t":"\ud83d\ude00ü" }"#.utf8))
  }

  static func offer(_ run: ClaimedRun, _ task: String = "one", tags: [String] = []) -> OfferWrite {
    OfferWrite(lease: run.lease, tags: tags, call: call(run, task))
  }

  @discardableResult func offer(_ run: ClaimedRun, _ task: String = "one", tags: [String] = []) throws -> Bool {
    let outcome = try apply { $0.offers = [Bench.offer(run, task, tags: tags)] }
    try expectEqual(outcome.offers.count, 1, "outcomes of one offer")
    return outcome.offers[0]
  }

  func take(_ limit: Int = 100, node: String = "node-2", tags: [String] = [], digests: Set<PackageDigest>? = nil)
    throws -> [TakenTask]
  {
    var request = TakeRequest(node: node, leaseMilliseconds: Bench.lease, limit: limit, tags: tags)
    request.digests = digests
    return try apply { $0.take = request }.taken
  }

  /// The only task that is offered, taken.
  func takeOne(node: String = "node-2") throws -> OfferKey {
    let taken = try take(node: node)
    try expectEqual(taken.count, 1, "taken tasks")
    return taken[0].key
  }

  func end(_ key: OfferKey, _ outcome: TaskOutcome = .succeeded(patch: [])) throws -> Bool {
    let end = OfferEnd(key: key, outcome: outcome, startedAt: now - 40, finishedAt: now - 3)
    let outcome = try apply { $0.offerEnds = [end] }
    try expectEqual(outcome.offerEnds.count, 1, "outcomes of one end")
    return outcome.offerEnds[0]
  }

  func collect(node: String = "node-1") throws -> [CollectedTask] { try apply { $0.collect = node }.collected }

  /// Extends the leases of the node and of its takes; returns the takes it has lost.
  @discardableResult func beat(_ node: String, takes: [OfferKey] = []) throws -> [OfferKey] {
    var heartbeat = HeartbeatWrite(node: node, leaseMilliseconds: Bench.lease)
    heartbeat.takes = takes
    return try apply { $0.heartbeat = heartbeat }.lostTakes
  }

  // MARK: Nodes

  /// A report of a node called `name`, whose process is `bootID`; the same when nil.
  func nodeReport(_ name: String, bootID: String? = nil) -> NodeReport {
    NodeReport(
      bootID: bootID ?? name, name: name, host: "höst", processID: 4711, version: "1.2.3", tags: ["gpu", "a, b"],
      types: ["demo.%"], slots: 8, slotsBusy: 3, runsHeld: 12, state: .ready, startedAt: now - 5000)
  }

  @discardableResult func report(_ name: String, bootID: String? = nil) throws -> NodeState {
    try store.report(nodeReport(name, bootID: bootID), leaseMilliseconds: Bench.lease, now: now)
  }

  func staging(_ letter: Character, by node: String, failure: String? = nil) -> NodePackage {
    NodePackage(bootID: node, node: node, digest: Bench.digest(letter), failure: failure, at: now)
  }

  func reportStaged(_ letter: Character, by node: String, failure: String? = nil) throws {
    try store.reportStaged(staging(letter, by: node, failure: failure))
  }

  // MARK: Tenants

  func setWeight(_ tenant: String, _ weight: Int) throws {
    try sql(
      "INSERT INTO tenant (tenant_id, weight) VALUES ('\(tenant)', \(weight))"
        + " ON CONFLICT (tenant_id) DO UPDATE SET weight = excluded.weight")
  }
}
