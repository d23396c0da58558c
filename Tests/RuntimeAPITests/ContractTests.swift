import CloacinaRuntime
import Foundation
import Telemetry
import Testing
import WorkflowModel
import WorkflowStore

@testable import RuntimeAPI

/// The documents that the engine produces have exactly the fields that docs/cli-json.md shows.
@Suite struct ContractTests {
  private static let digest = PackageDigest(hex: String(repeating: "ab", count: 32))!

  private static let examples: [JSONValue] = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let text = (try? String(contentsOf: root.appendingPathComponent("docs/cli-json.md"), encoding: .utf8)) ?? ""
    return text.components(separatedBy: "```json\n").dropFirst().map { piece in
      (try? JSONReader.read(piece.components(separatedBy: "```")[0])) ?? .string(piece)
    }
  }()

  private static var record: PackageRecord {
    PackageRecord(
      digest: digest, tenant: "public", name: "p", version: "1.0.0", description: "d", author: "a",
      fingerprint: "f", isolation: "runner", archiveBytes: 10, registeredAt: 0)
  }

  private static var activation: Activation {
    Activation(
      tenant: "public", package: "p", version: "1.0.0", digest: digest, epoch: 1, activatedAt: 0, previous: digest)
  }

  private static var run: RunRecord {
    var run = RunRecord(
      id: RunID("r"), tenant: "public", type: "p.w", status: .failed, priority: 100, input: Array("{\"n\":1e400}".utf8),
      leaseEpoch: 2, createdAt: 1, runAt: 2)
    run.startedAt = 1000
    run.completedAt = 1058
    run.lastError = "m"
    run.errorClass = "crash"
    return run
  }

  private static var checkpoint: TaskCheckpoint {
    var checkpoint = TaskCheckpoint(task: "t", attempt: 1, status: .failed, finishedAt: 5)
    checkpoint.failure = Failure(.crash, "m")
    checkpoint.patch = Array("{\"k\": 9007199254740993}".utf8)
    return checkpoint
  }

  private static var definition: WorkflowDefinition {
    var task = TaskDefinition(id: "t")
    task.retry.maxAttempts = 3
    return WorkflowDefinition(name: "w", tasks: [task])
  }

  static var status: RuntimeStatus {
    var counts = StoreCounts()
    counts.inFlight = [VersionCount(package: "p", version: "1.0.0", count: 1)]
    var status = RuntimeStatus(
      version: "0", node: "n", bootID: "b", startedAt: 0, at: 5, databaseURL: "sqlite:x", engine: "sqlite",
      counts: counts,
      activations: [activation], slots: 1, slotsBusy: 0,
      hosts: [host], images: ImageUse(count: 1, bytes: 2, limit: 3))
    status.nodes = [node]
    status.attention = ["x"]
    status.rules = [rule]
    return status
  }

  private static var serving: RuntimeStatus {
    var status = status
    status.member = NodeMembership(state: .ready, leads: true, tags: ["t"], types: ["p.%"])
    return status
  }

  private static var host: HostStatus {
    HostStatus(
      package: "p", version: "1.0.0", digest: digest, isolation: "runner", processID: 1, calls: 1, replacements: 0)
  }

  private static var node: NodeRecord {
    var report = NodeReport(
      bootID: "n-1", name: "n", host: "h", processID: 1, version: "0", tags: ["t"], types: ["p.%"], slots: 1,
      slotsBusy: 0, runsHeld: 0, state: .ready, startedAt: 0)
    report.connections = ConnectionUse(open: 1, limit: 8, waiting: 0, waits: 0, refusals: 0)
    report.hosts = [host]
    (report.care, report.images) = (CareStatus(), ImageUse(count: 1, bytes: 2, limit: 3))
    var node = NodeRecord(report: report, wanted: .ready, heartbeatAt: 0, isAlive: true)
    node.leads = [.sweep]
    return node
  }

  private static var schedule: ScheduleRecord {
    ScheduleRecord(
      id: "s", tenant: "public", type: "p.w", schedule: "* * * * *", timezone: "UTC", nextRunAt: 1, lastRunAt: nil,
      isEnabled: true, catchUp: .one, lastError: nil, createdAt: 0)
  }

  private static var rule: RollbackRecord {
    var rule = RollbackRecord(
      key: RuleKey(tenant: "public", package: "p", epoch: 2), digest: digest, version: "1.1.0", rule: "r", since: 0,
      state: .rolledBack)
    (rule.breachedSince, rule.endedAt, rule.returnedTo, rule.evidence) = (1, 2000, "1.0.0", "12 %")
    return rule
  }

  private static var documents: [JSONValue] {
    var underRule = PackageVersion(facts: VersionFacts(record: record), isActive: true, nodesReady: 1)
    underRule.rule = rule
    let version = underRule.contract
    let plain = PackageVersion(facts: VersionFacts(record: record), isActive: true, nodesReady: 1).contract
    let start = StartResult(id: RunID("r"), created: true, digest: digest).contract
    let event = EventRecord(
      id: 1, run: RunID("r"), type: "t", data: Array("{\"task\":\"t\",\"attempt\":1}".utf8), createdAt: 0)
    return [
      .list("runs", [run.contract]), run.contract(tasks: [checkpoint], definition: definition), start,
      .list("starts", [start]), CancelOutcome.cancelled(wasLeased: true).contract(RunID("r")),
      .list("events", [event.contract], [("run", .string("r")), ("run_status", .string("failed"))]),
      .list("packages", [version]), .list("versions", [version], [("package", .string("p"))]),
      RegisterResult(record: record, created: true, activation: activation, activated: true, swap: swap).contract,
      activation.contract(swap), plain,
      .list("swaps", [swap.record.contract], [("package", .string("p"))]),
      CanaryResult(canary: canary, swap: swap).contract, .list("quarantines", [quarantine.contract]),
      Removal(record: record, freedBytes: 1).contract, .list("audit", [audit.contract]),
      WorkflowInfo(tenant: "public", package: "p", version: "1.0.0", digest: digest, definition: definition).contract,
      serving.contract(daemon: DaemonIdentity(processID: 1, socket: "s")),
      SchemaStatus(
        engine: "e", location: "l", applied: [AppliedMigration(number: 1, name: "n", checksum: "c", appliedAt: 0)]
      ).contract,
      .list("nodes", [node.contract]),
      NodeDetail(node: node, packages: [StagedVersion(record: record, isStaged: false, failure: "f")]).contract,
      [MigrationStep(number: 1, name: "n", checksum: "c", sql: "s", isApplied: false)].contract(
        database: "d", showsSQL: true),
      .list("schedules", [schedule.contract]),
      RunRepaired.retried(RetryPlan(), version: "1.0.0").retryContract(run),
      RunRepaired.migrated(from: "1.0.0", to: "1.1.0", wasLeased: true).migrationContract(run),
      InsightContract.plan, InsightContract.why,
      Metrics.families(status).filter { $0.name == "cloacina_host_calls_total" }.contract,
    ]
  }

  private static var swap: SwapReport {
    var record = SwapRecord(
      id: "s", tenant: "public", package: "p", kind: .activate, from: digest, to: digest, version: "1.0.0", step: .done,
      node: "n", actor: "operator", startedAt: 0, stepAt: 0, deadlineAt: nil)
    record.steps = [SwapStepTime(step: .verify, milliseconds: 1)]
    return SwapReport(record: record)
  }

  private static var canary: CanaryRecord {
    CanaryRecord(
      tenant: "public", package: "p", digest: digest, version: "1.0.0", share: CanaryShare(parts: 1250)!, since: 0)
  }

  private static var quarantine: QuarantineRecord {
    QuarantineRecord(
      tenant: "public", digest: digest, name: "p", version: "1.0.0", code: "CLO-P111", reason: "r", failures: 1,
      firstAt: 0, lastAt: 0, until: 0)
  }

  private static var audit: AuditRecord {
    var entry = AuditEntry(tenant: "public", origin: Origin(actor: "operator", node: "n"), action: "activated")
    entry.data = Array("{\"epoch\":1}".utf8)
    return AuditRecord(id: 1, at: 0, entry: entry)
  }

  /// Paths of all members, with what is free text for the author (payloads) left closed.
  private func fields(_ value: JSONValue, _ path: String = "") -> Set<String> {
    switch value {
    case .object(let members):
      var found: Set<String> = []
      for member in members {
        let inner = "\(path).\(member.name)"
        found.insert(inner)
        if !["input", "result", "patch", "data", "old", "new"].contains(member.name) {
          found.formUnion(fields(member.value, inner))
        }
      }
      return found
    case .array(let elements): return elements.reduce(into: []) { $0.formUnion(fields($1, path + "[]")) }
    default: return []
    }
  }

  @Test(arguments: 0..<28) func producedFieldsAreTheDocumentedOnes(_ index: Int) throws {
    let document = ContractTests.documents[index]
    let schema = try #require(document["schema"]?.text)
    let example = try #require(
      ContractTests.examples.first {
        $0["schema"]?.text == schema && ($0["tasks"] == nil) == (document["tasks"] == nil)
          && ($0["packages"] == nil) == (document["packages"] == nil)
      },
      "docs/cli-json.md has no example of \(schema)")
    #expect(fields(document) == fields(example), "\(schema)")
  }

  @Test func everyDocumentIsTested() { #expect(ContractTests.documents.count == 28) }

  @Test func sharesAreWrittenInPercent() {
    let shown = CanaryResult(canary: ContractTests.canary, swap: nil).contract
    #expect(shown["percent"]?.json == "12.5" && shown["ended"]?.bool == true)
    var whole = ContractTests.canary
    whole.share = CanaryShare(parts: 500)!
    #expect(CanaryResult(canary: whole, swap: nil).contract["percent"]?.json == "5")
  }

  @Test func whatBecameOfARuleIsASentence() {
    var rule = ContractTests.rule
    #expect(rule.contract["sentence"]?.text == "rolled back p 1.1.0 → 1.0.0 at 1970-01-01 00:00:02 UTC: 12 %")
    rule.state = .superseded
    #expect(rule.contract["sentence"]?.text == "p 1.1.0 was under the rule r until 1970-01-01 00:00:02 UTC")
    rule.state = .armed
    #expect(
      rule.contract["sentence"]?.text
        == "p 1.1.0 is rolled back on its own when r; broken since 1970-01-01 00:00:00 UTC")
    rule.breachedSince = nil
    #expect(rule.contract["sentence"]?.text == "p 1.1.0 is rolled back on its own when r")
    let version = PackageVersion(facts: VersionFacts(record: ContractTests.record), isActive: true, nodesReady: 1)
    #expect(version.contract["rollback_rule"] == .null)
  }

  @Test func timesAndDurationsHaveTheirForms() {
    let run = ContractTests.run.contract
    #expect(run["started_at"]?.text == "1970-01-01T00:00:01.000Z")
    #expect(run["duration_ms"]?.integer == 58)
  }

  @Test func aProcessThatExecutesNothingHasNoPartAmongTheNodes() {
    var status = ContractTests.status
    #expect(status.contract(daemon: nil)["node_state"] == .null)
    #expect(status.contract(daemon: nil)["leader"] == .null)
    #expect(status.contract(daemon: nil)["images"] == .null && status.contract(daemon: nil)["care"] == .null)
    status.member = NodeMembership(state: .draining, leads: false, tags: ["gpu"], types: ["a.%"])
    status.member?.offersOpen = 3
    let contract = status.contract(daemon: nil)
    #expect(contract["node_state"]?.text == "draining")
    #expect(contract["leader"]?.bool == false)
    #expect(contract["tags"]?.json == "[\"gpu\"]")
    #expect(contract["offers_open"]?.integer == 3)
    #expect(contract["images"]?["limit"]?.integer == 3 && contract["care"]?["runners"]?.integer == 64)
  }

  @Test func sqlIsShownOnlyWhenItIsAskedFor() {
    let steps = [
      MigrationStep(number: 1, name: "n", checksum: "c", sql: "CREATE", isApplied: true),
      MigrationStep(number: 2, name: "m", checksum: "c", sql: "ALTER", isApplied: false),
    ]
    #expect(
      steps.contract(database: "d", showsSQL: false)["steps"]?.elements?.allSatisfy { $0["sql"] == .null } == true)
    let shown = steps.contract(database: "d", showsSQL: true)
    #expect(shown["steps"]?.elements?.compactMap { $0["sql"]?.text } == ["CREATE", "ALTER"])
    #expect(shown["pending"]?.integer == 1)
  }

  @Test func payloadsAreEmbeddedExactly() {
    let run = ContractTests.run.contract(tasks: [ContractTests.checkpoint], definition: nil)
    #expect(run["input"]?.json == "{\"n\":1e400}")
    #expect(run["tasks"]?.elements?[0]["attempts"]?.elements?[0]["patch"]?.json == "{\"k\":9007199254740993}")
    #expect(JSONValue.payload(Array("not json".utf8)) == .string("not json"))
    #expect(JSONValue.payload([]) == .null)
    #expect(JSONValue.payload(nil) == .null)
  }

  @Test func tasksComeInTheOrderOfTheirDeclaration() {
    let definition = WorkflowDefinition(
      name: "w", tasks: [TaskDefinition(id: "a"), TaskDefinition(id: "b"), TaskDefinition(id: "c")])
    var retried = TaskCheckpoint(task: "b", attempt: 1, status: .pending, finishedAt: 1)
    retried.retryAt = 9
    let checkpoints = [
      retried, TaskCheckpoint(task: "a", attempt: 1, status: .succeeded, finishedAt: 2),
      TaskCheckpoint(task: "b", attempt: 2, status: .succeeded, finishedAt: 3),
    ]
    var run = ContractTests.run
    let over = run.contract(tasks: checkpoints, definition: definition)["tasks"]?.elements ?? []
    #expect(over.compactMap { $0["task"]?.text } == ["a", "b", "c"])
    #expect(over.compactMap { $0["status"]?.text } == ["succeeded", "succeeded", "not_reached"])
    #expect(over[1]["attempts"]?.elements?.count == 2)
    run.status = .cancelled
    let cancelled = run.contract(tasks: checkpoints, definition: definition)["tasks"]?.elements ?? []
    #expect(cancelled[2]["status"]?.text == "cancelled")
    run.status = .leased
    let running = run.contract(tasks: checkpoints, definition: definition)["tasks"]?.elements ?? []
    #expect(running[2]["status"]?.text == "pending")
  }

  @Test func aTaskThatBeginsAnewIsAsIfItHadNotBeenReachedAndKeepsItsAttempts() {
    let definition = WorkflowDefinition(name: "w", tasks: [TaskDefinition(id: "t")])
    let reopened = TaskCheckpoint(task: "t", attempt: 0, status: .pending, finishedAt: 9)
    var run = ContractTests.run
    run.status = .pending
    let open = run.contract(tasks: [ContractTests.checkpoint, reopened], definition: definition)["tasks"]?.elements?[0]
    #expect(open?["status"]?.text == "pending")
    #expect(open?["error"] == .null)
    #expect(open?["attempts"]?.elements?.map { $0["status"]?.text } == ["failed"])
    run.status = .cancelled
    let over = run.contract(tasks: [ContractTests.checkpoint, reopened], definition: definition)["tasks"]?.elements?[0]
    #expect(over?["status"]?.text == "cancelled")
  }

  @Test func whatWasNotChangedSaysWhatTheRunIs() {
    let retry = RunRepaired.unchanged(.leased).retryContract(ContractTests.run)
    #expect(retry["changed"]?.bool == false)
    #expect(retry["status"]?.text == "leased")
    let migration = RunRepaired.unchanged(.leased).migrationContract(ContractTests.run)
    #expect(migration["changed"]?.bool == false)
    #expect(migration["was_running"]?.bool == true)
  }

  @Test func refusalsOfManyRunsAreCountedByTheirReasons() {
    var tally = BulkTally()
    tally.add(.retried(RetryPlan(), version: nil))
    tally.add(.unchanged(.leased))
    for message in ["x", "y", "x"] { tally.add(.refused(RuntimeError(.refused, code: "CLO-R037", message))) }
    tally.add(CancelOutcome.notFound)
    let page = tally.contract(examined: 6, last: RunID("r"))
    #expect(page["changed"]?.integer == 1)
    #expect(page["unchanged"]?.integer == 2)
    #expect(page["refused"]?.elements?.map { $0["count"]?.integer } == [2, 1])
    #expect(page["last"]?.text == "r")
  }

  @Test func layersFollowTheLongestPath() {
    let definition = WorkflowDefinition(
      name: "w",
      tasks: [
        TaskDefinition(id: "d", dependencies: ["c", "a"]), TaskDefinition(id: "a"),
        TaskDefinition(id: "c", dependencies: ["b"]), TaskDefinition(id: "b", dependencies: ["a"]),
        TaskDefinition(id: "x", dependencies: ["y"]), TaskDefinition(id: "y", dependencies: ["x"]),
      ])
    #expect(definition.layers == [["a"], ["b"], ["c"], ["d"]])
  }

  @Test func parametersAreTypedAndNothingUnknownPasses() throws {
    let document = JSONValue.object([
      JSONMember("text", .string("t")), JSONMember("number", .integer(7)), JSONMember("nothing", .null),
      JSONMember("extra", .bool(true)),
    ])
    var parameters = try Parameters("op", document)
    #expect(try parameters.text("text") == "t")
    #expect(try parameters.optionalInteger("number", in: 0...7) == 7)
    #expect(try parameters.optionalText("nothing") == nil)
    #expect(throws: RuntimeError.self) { try parameters.text("missing") }
    #expect(throws: RuntimeError.self) { try parameters.optionalInteger("number", in: 0...6) }
    #expect(throws: RuntimeError.self) { try parameters.flag("text") }
    let error = #expect(throws: RuntimeError.self) { try parameters.finish() }
    #expect(error?.message == "parameter 'extra' of op is not known")
    #expect(throws: RuntimeError.self) { try Parameters("op", .array([])) }
  }
}
