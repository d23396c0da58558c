import WorkflowModel
import WorkflowStore

/// A store under test, a clock that only the check moves, and short words for common steps.
struct Bench {
  let store: any WorkflowStore
  /// Runs plain SQL in the database under test.
  let sql: (String) throws -> Void
  var now: Timestamp = 1_800_000_000_123
  /// Set by checks that close the store themselves.
  var isClosed = false
  private var ids = RunIDSequence()

  static let lease: Int64 = 30_000
  static let origin = Origin(actor: "ä person", node: "node-1")
  /// Ids of no run: a UUID, and a text that some databases could not even compare with one.
  static let strangers = [RunID("01890000-0000-7000-8000-000000000000"), RunID("no such run")]

  init(store: any WorkflowStore, sql: @escaping (String) throws -> Void) {
    self.store = store
    self.sql = sql
  }

  // MARK: Packages

  /// A digest of 64 times `letter`, one of 0...9 and a...f.
  static func digest(_ letter: Character) -> PackageDigest {
    PackageDigest(hex: String(repeating: letter, count: 64))!
  }

  func record(
    _ name: String, _ version: String, _ letter: Character, tenant: String = "public", at time: Timestamp? = nil
  ) -> PackageRecord {
    PackageRecord(
      digest: Bench.digest(letter), tenant: tenant, name: name, version: version, description: "Ünïcode ✓",
      author: "an author", fingerprint: "swift-6", isolation: "runner", archiveBytes: 3, registeredAt: time ?? now,
      state: .probed)
  }

  @discardableResult func register(
    _ name: String, _ version: String, _ letter: Character, tenant: String = "public", workflows: [String] = ["flow"],
    archive: [UInt8] = [1, 0, 255], at time: Timestamp? = nil
  ) throws -> PackageRegistration {
    let record = record(name, version, letter, tenant: tenant, at: time)
    let definitions = workflows.map { workflow in
      WorkflowRecord(
        tenant: tenant, package: name, version: version, digest: record.digest, name: workflow,
        definition: Array(#"{"name":"\#(workflow)"}"#.utf8))
    }
    return try store.register(record, archive: archive, workflows: definitions, by: Bench.origin)
  }

  @discardableResult func activate(
    _ name: String, _ letter: Character, tenant: String = "public"
  ) throws -> Activation {
    var request = ActivationRequest(
      tenant: tenant, package: name, digest: Bench.digest(letter), origin: Bench.origin)
    request.allowsDowngrade = true
    return try store.activate(request, now: now)
  }

  @discardableResult func rollBack(_ name: String = "demo", tenant: String = "public") throws -> Activation {
    try store.rollBack(RollbackRequest(tenant: tenant, package: name, origin: Bench.origin), now: now)
  }

  /// Package `demo` with workflow `flow`, active in version 1.0.0, digest `a`.
  func prepareDemo(tenant: String = "public") throws {
    try register("demo", "1.0.0", "a", tenant: tenant)
    try activate("demo", "a", tenant: tenant)
  }

  // MARK: Runs

  /// A submission of demo.flow with an id of its own.
  mutating func submission(tenant: String = "public", _ change: (inout RunSubmission) -> Void = { _ in })
    -> RunSubmission
  {
    var submission = RunSubmission(
      id: ids.next(now: now) { 0x5EED_5EED_5EED_5EED }, tenant: tenant, package: "demo", workflow: "flow",
      input: Array("{}".utf8))
    change(&submission)
    return submission
  }

  func apply(_ fill: (inout StoreBatch) -> Void) throws -> StoreOutcome {
    var batch = StoreBatch(now: now)
    fill(&batch)
    return try store.apply(batch)
  }

  mutating func submit(_ change: (inout RunSubmission) -> Void = { _ in }) throws -> RunID {
    let submission = submission(change)
    let outcome = try apply { $0.submissions = [submission] }
    try expectEqual(
      outcome.submissions.count, 1, "outcomes of one submission")
    guard case .created(let id, _) = outcome.submissions[0] else {
      throw ConformanceFailure(description: "a submission became \(outcome.submissions[0])")
    }
    return id
  }

  func claim(
    _ limit: Int = 100, node: String = "node-1", _ change: (inout ClaimRequest) -> Void = { _ in }
  ) throws -> [ClaimedRun] {
    var request = ClaimRequest(node: node, leaseMilliseconds: Bench.lease, limit: limit)
    change(&request)
    return try apply { $0.claim = request }.claimed
  }

  /// Takes the lead of the duty and puts back what lost owners left.
  @discardableResult func sweep(node: String = "sweeper") throws -> SweepOutcome {
    let epoch = try unwrap(try lead(node: node), "the lead")
    return try sweep(as: node, epoch)
  }

  func sweep(as node: String, _ epoch: Int64) throws -> SweepOutcome {
    try apply { $0.sweep = DutyKey(duty: .sweep, node: node, epoch: epoch) }.swept
  }

  func lead(_ duty: Duty = .sweep, node: String) throws -> Int64? {
    try store.lead(duty, node: node, leaseMilliseconds: Bench.lease, now: now)
  }

  /// Lets every lease lapse, and puts back what their owners left.
  @discardableResult mutating func loseOwners() throws -> SweepOutcome {
    now += Bench.lease + 1
    return try sweep()
  }

  /// A run, submitted and claimed.
  mutating func leased(node: String = "node-1") throws -> ClaimedRun {
    let id = try submit()
    let claimed = try claim(node: node)
    try expectEqual(claimed.map(\.lease.run), [id], "the only due run is claimed")
    return claimed[0]
  }

  func checkpoint(
    _ lease: LeaseKey, _ task: String, _ status: TaskStatus = .succeeded, patch: String = "{}"
  ) throws -> Bool {
    var checkpoint = TaskCheckpoint(task: task, attempt: 1, status: status, finishedAt: now)
    checkpoint.patch = Array(patch.utf8)
    let outcome = try apply { $0.checkpoints = [CheckpointWrite(lease: lease, checkpoint: checkpoint)] }
    try expectEqual(outcome.checkpoints.count, 1, "outcomes of one checkpoint")
    return outcome.checkpoints[0]
  }

  func finish(
    _ lease: LeaseKey, _ status: RunStatus = .succeeded, result: String = "{}", _ failure: Failure? = nil
  ) throws -> Bool {
    let write = FinishWrite(
      lease: lease, status: status, result: status == .succeeded ? Array(result.utf8) : [], failure: failure)
    let outcome = try apply { $0.finishes = [write] }
    try expectEqual(outcome.finishes.count, 1, "outcomes of one finish")
    return outcome.finishes[0]
  }

  func cancel(_ id: RunID) throws -> CancelOutcome {
    let outcome = try apply { $0.cancels = [id] }
    try expectEqual(outcome.cancels.count, 1, "outcomes of one cancel")
    return outcome.cancels[0]
  }

  // MARK: Looking

  func run(_ id: RunID) throws -> RunRecord { try unwrap(try store.run(id), "run \(id)") }

  func eventTypes(_ id: RunID) throws -> [String] {
    try store.events(id, after: 0, limit: 1000).map(\.type)
  }

  /// The data of the run's only event of that type, parsed.
  func data(_ type: String, of id: RunID) throws -> JSONValue {
    let events = try store.events(id, after: 0, limit: 1000).filter { $0.type == type }
    try expectEqual(events.count, 1, "events '\(type)'")
    return try JSONReader.read(events[0].data)
  }
}
