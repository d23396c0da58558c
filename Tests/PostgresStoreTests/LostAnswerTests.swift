import Testing
import WorkflowModel
import WorkflowStore

@testable import PostgresStore
@testable import StoreConformance

/// What a store says of a batch when the connection breaks around its COMMIT: always what is true, and a batch that was
/// not applied may be applied again.
@Suite(.serialized) struct LostAnswerTests {
  /// Where the connection breaks, and whether the batch is in the database nevertheless.
  struct Fault: CustomTestStringConvertible {
    let testDescription: String
    let cuts: [FaultyWire.Cut]
    let isApplied: Bool

    init(_ name: String, isApplied: Bool, _ cuts: [FaultyWire.Cut]) {
      testDescription = name
      self.cuts = cuts
      self.isApplied = isApplied
    }

    static let all: [Fault] = [
      Fault("the answer of COMMIT is lost", isApplied: true, [.answer("commit")]),
      Fault("the client is gone before COMMIT is done", isApplied: true, [.client("commit")]),
      Fault(
        "looking up what became of it is not answered either", isApplied: true,
        [.answer("commit"), .answer("giving a batch up"), .before("giving a batch up")]),
      Fault(
        "reading back breaks off", isApplied: true,
        [.answer("commit"), .before("reading events back"), .answer("reading runs back")]),
      Fault("COMMIT does not arrive", isApplied: false, [.before("commit")]),
      Fault("the batch does not arrive", isApplied: false, [.before("naming a batch")]),
      Fault(
        "giving the lost batch up is not answered", isApplied: false,
        [.before("commit"), .before("giving a batch up"), .answer("giving a batch up")]),
    ]
    static let ofIntake: [Fault] = [
      Fault(
        "what stood in the way of a submission cannot be asked for", isApplied: true,
        [.before("looking for existing runs"), .answer("looking for existing runs")]),
      Fault(
        "the checkpoints of claimed runs cannot be asked for", isApplied: true,
        [.before("reading checkpoints"), .answer("reading checkpoints")]),
    ]
  }

  @Test(arguments: Fault.all)
  func whatRestsOnLeases(fault: Fault) throws {
    try check(Scenario.progress, fault)
  }

  @Test(arguments: Fault.all + Fault.ofIntake)
  func whatBringsWorkIn(fault: Fault) throws {
    try check(Scenario.intake, fault)
  }

  private func check(_ prepare: (inout Bench) throws -> StoreBatch, _ fault: Fault) throws {
    let wanted = try withSchema { schema in
      let store = try schema.open()
      defer { store.close() }
      var bench = Bench(store: store, sql: { try schema.sql($0) })
      let outcome = try store.apply(try prepare(&bench))
      return (outcome: Described(outcome), contents: try schema.contents())
    }
    try withSchema { schema in
      let wire = FaultyWire(to: schema.host, schema.port)
      defer { wire.close() }
      let store = try PostgresStore.open(url: schema.url(port: wire.port), time: .caller)
      defer { store.close() }
      var bench = Bench(store: store, sql: { try schema.sql($0) })
      let batch = try prepare(&bench)
      let before = try schema.contents()
      wire.cut(fault.cuts)
      if !fault.isApplied {
        let error = storeError { _ = try store.apply(batch) }
        #expect(error?.isTransient == true, "\(String(describing: error))")
        #expect(try schema.contents() == before, "nothing is applied")
      }
      let outcome = Described(try store.apply(batch))
      #expect(wire.cutsLeft == 0)
      for (name, value) in wanted.outcome.parts { #expect(outcome.parts[name] == value, "\(name)") }
      let contents = try schema.contents()
      for row in Set(wanted.contents).symmetricDifference(contents) {
        Issue.record("\(contents.contains(row) ? "too much" : "missing"): \(row)")
      }
      #expect(contents.count == wanted.contents.count, "rows")
    }
  }

  @Test func aBatchThatIsUnderWayOnTheServerIsWaitedForBeforeItIsGivenUp() throws {
    try withSchema { schema in
      let wire = FaultyWire(to: schema.host, schema.port)
      defer { wire.close() }
      let store = try PostgresStore.open(url: schema.url(port: wire.port), time: .caller)
      defer { store.close() }
      var bench = Bench(store: store, sql: { try schema.sql($0) })
      try bench.prepareDemo()
      let submission = bench.submission()
      let other = try schema.session()
      try other.sql("BEGIN; LOCK TABLE workflow_event IN SHARE MODE")
      wire.cut([.client("commit")])
      var batch = StoreBatch(now: bench.now)
      batch.submissions = [submission]
      let call = Call { [batch] in try store.apply(batch).submissions }
      // The batch waits for the table, and whoever wants to give it up for the batch.
      try schema.waitUntilBlocked(2)
      #expect(!call.isOver)
      try other.sql("COMMIT")
      #expect(try call.value() == [.created(submission.id, digest: Bench.digest("a"))])
      #expect(try bench.eventTypes(submission.id) == ["created"])
    }
  }

  @Test func aBatchThatWasGivenUpCannotComeInLate() throws {
    try withSchema { schema in
      let wire = FaultyWire(to: schema.host, schema.port)
      defer { wire.close() }
      let store = try PostgresStore.open(url: schema.url(port: wire.port), time: .caller)
      defer { store.close() }
      var bench = Bench(store: store, sql: { try schema.sql($0) })
      try bench.prepareDemo()
      let lease = try bench.leased().lease
      wire.cut([.late("naming a batch")])
      #expect(storeError { _ = try bench.checkpoint(lease, "one") }?.isTransient == true)
      let before = try schema.contents()
      wire.deliver()
      #expect(try schema.contents() == before)
      #expect(try bench.checkpoint(lease, "one"))
      #expect(try bench.store.taskRuns(lease.run).count == 1)
    }
  }

  /// All that the server says of the end then is that the session is over.
  @Test func aSessionThatEndsRightAfterItsCommitHasCommitted() throws {
    try withSchema { schema in
      let wire = FaultyWire(to: schema.host, schema.port)
      defer { wire.close() }
      let store = try PostgresStore.open(url: schema.url(port: wire.port), time: .caller)
      defer { store.close() }
      var bench = Bench(store: store, sql: { try schema.sql($0) })
      try bench.prepareDemo()
      let lease = try bench.leased().lease
      wire.cut([.unasked("commit")])
      let call = Call { [bench] in try bench.checkpoint(lease, "one") }
      try eventually("the checkpoint is committed") { try schema.sql("SELECT count(*) FROM task_run") == ["1"] }
      try schema.terminate("state = 'active'")
      #expect(try call.value())
      #expect(try bench.store.taskRuns(lease.run).count == 1)
    }
  }

  /// A heartbeat names the leases it extends: one that is in doubt is not among them, and is granted once it is read back.
  @Test func aClaimInDoubtIsNotExtendedAndIsReadBack() throws {
    try withSchema { schema in
      let wire = FaultyWire(to: schema.host, schema.port)
      defer { wire.close() }
      let store = try PostgresStore.open(url: schema.url(port: wire.port), time: .caller)
      defer { store.close() }
      var bench = Bench(store: store, sql: { try schema.sql($0) })
      try bench.prepareDemo()
      try bench.beat("node-1")
      let id = try bench.submit()
      wire.cut([.answer("commit"), .late("giving a batch up")])
      let claiming = Call { [bench] in try bench.claim().map(\.lease) }
      try eventually("the claim is in doubt") { wire.cutsLeft == 0 }
      bench.now += Bench.lease / 2
      try bench.beat("node-1")
      let extended = "SELECT lease_until - heartbeat_at FROM workflow_run WHERE heartbeat_at <> updated_at"
      #expect(try schema.sql(extended) == [])
      wire.deliver()
      #expect(try claiming.value() == [LeaseKey(run: id, epoch: 1)])
      bench.now += Bench.lease / 2 - 1
      try bench.beat("node-1")
      #expect(try schema.sql(extended) == ["00:00:30"], "the lease is known now, and half of it is over")
    }
  }
}

/// An outcome, part by part, to be compared.
private struct Described {
  var parts: [String: String] = [:]

  init(_ outcome: StoreOutcome) {
    var outcome = outcome
    outcome.lostTakes.sort { $0.id < $1.id }
    // Only counted, for the log.
    outcome.swept = SweepOutcome()
    for part in Mirror(reflecting: outcome).children { parts[part.label ?? ""] = String(describing: part.value) }
  }
}

/// Batches with everything in them that can come out in more than one way.
private enum Scenario {
  /// Two tenants, one of them with a greater share; runs that were lost before; tasks that are offered.
  static func intake(_ bench: inout Bench) throws -> StoreBatch {
    for tenant in ["public", "red"] { try bench.prepareDemo(tenant: tenant) }
    try bench.setWeight("red", 3)
    let known = try bench.submit { $0.idempotencyKey = "known" }
    let owner = try bench.claim(node: "owner")
    for task in ["one", "two", "three"] { try bench.offer(owner[0], task) }
    for tenant in ["red", "red", "public", "red", "public"] {
      bench.now += 1
      _ = try bench.submit { $0.tenant = tenant }
    }
    bench.now += Bench.lease / 2
    let lapsing = try bench.submit()
    _ = try bench.checkpoint(try bench.claim(1, node: "lost")[0].lease, "one", patch: #"{"b":2}"#)
    bench.now += Bench.lease / 2
    try bench.beat("owner")
    bench.now += Bench.lease / 2 + 1
    let epoch = try unwrap(try bench.lead(node: "node-2"), "the lead")
    // Finds nothing, so that the next claim begins at the start of the queues, as it does after a fault.
    _ = try bench.claim(1) { $0.types = ["none"] }

    var batch = StoreBatch(now: bench.now)
    let first = bench.submission()
    batch.submissions = [
      first, bench.submission { $0.idempotencyKey = "new" }, bench.submission { $0.idempotencyKey = "new" }, first,
      bench.submission { $0.idempotencyKey = "known" }, bench.submission { $0.id = known },
      bench.submission { ($0.tenant, $0.id) = ("red", lapsing) }, bench.submission { $0.package = "unknown" },
      bench.submission { $0.workflow = "unknown" }, bench.submission { $0.digest = Bench.digest("9") },
      bench.submission { $0.id = RunID("no such run") }, bench.submission { $0.digest = Bench.digest("a") },
    ]
    batch.sweep = DutyKey(duty: .sweep, node: "node-2", epoch: epoch)
    batch.take = TakeRequest(node: "node-2", leaseMilliseconds: Bench.lease, limit: 2, tags: [])
    batch.claim = ClaimRequest(node: "node-2", leaseMilliseconds: Bench.lease, limit: 7)
    return batch
  }

  /// Held, ended, cancelled, lost and unknown runs; permits up to their limit; offered tasks in every state.
  static func progress(_ bench: inout Bench) throws -> StoreBatch {
    try bench.prepareDemo()
    for _ in 0..<8 { _ = try bench.submit() }
    let runs = try bench.claim()
    let held = runs.map(\.lease)
    let pending = try bench.submit()
    _ = try bench.finish(held[6])
    _ = try bench.cancel(held[7].run)
    let stale = LeaseKey(run: held[0].run, epoch: 0)
    let unknown = LeaseKey(run: Bench.strangers[0], epoch: 1)
    _ = try bench.permit(held[0], limit: 2)
    _ = try bench.permit(held[1], "given back", limit: 1)
    for task in ["ended", "cancelled", "taken", "old"] { try bench.offer(runs[0], task) }
    try bench.offer(runs[7])
    for task in ["taken here", "lost", "given up"] { try bench.offer(runs[4], task) }
    let taken = try bench.take(7, node: "node-1")
    for key in taken.prefix(2).map(\.key) { _ = try bench.end(key, .failed(Failure(.error, "no"))) }
    _ = try bench.collect()
    _ = try bench.end(taken[2].key, .succeeded(patch: [1]))
    bench.now += 5

    var batch = StoreBatch(now: bench.now)
    let all = [held[0], stale, held[1], held[6], held[7], unknown, held[2]]
    batch.starts = all
    batch.checkpoints = all.enumerated().map { index, lease in
      CheckpointWrite(
        lease: lease,
        checkpoint: TaskCheckpoint(task: "task-\(index)", attempt: 1, status: .succeeded, finishedAt: bench.now))
    }
    batch.events = [EventWrite(run: held[0].run, type: "context_conflict", data: Array("{}".utf8))]
    batch.finishes = [
      FinishWrite(lease: held[1], status: .failed, result: [], failure: Failure(.error, "no")),
      FinishWrite(lease: stale, status: .succeeded, result: [], failure: nil),
      FinishWrite(lease: held[2], status: .cancelled, result: [], failure: nil),
      FinishWrite(lease: held[7], status: .cancelled, result: [], failure: nil),
      FinishWrite(lease: unknown, status: .failed, result: [], failure: nil),
    ]
    batch.cancels = [
      held[3].run, held[3].run, pending, held[6].run, held[7].run, held[2].run, held[1].run, unknown.run,
    ]
    batch.releases = [held[5]]
    func permit(_ lease: LeaseKey, _ key: String, limit: Int) -> PermitRequest {
      PermitRequest(key: PermitKey(lease: lease, tenant: "public", key: key, task: "one"), limit: limit)
    }
    batch.permitReleases = [PermitKey(lease: held[1], tenant: "public", key: "given back", task: "one")]
    batch.permits = [
      permit(held[0], "k", limit: 2), permit(held[4], "k", limit: 2), permit(stale, "free", limit: 9),
      permit(held[4], "given back", limit: 1), permit(held[0], "given back", limit: 1), permit(held[7], "k", limit: 9),
    ]
    let old = OfferWrite(
      lease: LeaseKey(run: held[5].run, epoch: held[5].epoch), tags: [], call: Bench.call(runs[5], "too late"))
    batch.offers = [Bench.offer(runs[0], "new"), Bench.offer(runs[0], "old"), Bench.offer(runs[7]), old]
    batch.offerEnds = [taken[4].key, taken[5].key, OfferKey(id: taken[6].key.id, epoch: 0)].map {
      OfferEnd(key: $0, outcome: .succeeded(patch: [7]), startedAt: 1, finishedAt: 2)
    }
    var heartbeat = HeartbeatWrite(node: "node-1", leaseMilliseconds: Bench.lease)
    heartbeat.takes = taken.suffix(4).map(\.key)
    batch.heartbeat = heartbeat
    batch.collect = "node-1"
    return batch
  }
}
