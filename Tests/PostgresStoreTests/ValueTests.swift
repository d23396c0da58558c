import Testing
import Threading
import WorkflowModel
import WorkflowStore

@testable import PostgresStore
@testable import StoreConformance

/// Values that PostgreSQL cannot hold, or not as they are: they fail by themselves and nothing else with them.
@Suite(.serialized) struct ValueTests {
  /// Applies batches that became one transaction, and returns what each was told.
  private func together(
    _ batches: [StoreBatch], _ schema: TestSchema, _ store: any WorkflowStore
  ) throws -> [Result<StoreOutcome, StoreError>] {
    let queue = CommitQueue(store: store)
    let gate = try schema.session()
    try gate.sql("BEGIN; LOCK TABLE workflow_event IN SHARE MODE")
    // One batch is on its way and waits; what comes after it is gathered.
    let results = batches.map { _ in OneShot<Result<StoreOutcome, StoreError>>() }
    for (index, (batch, result)) in zip(batches, results).enumerated() {
      queue.submit(batch) { result.deliver($0) }
      if index == 0 { try schema.waitUntilBlocked() }
    }
    try gate.sql("COMMIT")
    defer { queue.close() }
    return try results.map { try #require($0.wait()) }
  }

  private static let badSubmissions: [(String, @Sendable (inout RunSubmission) -> Void)] = [
    ("a zero in the payload", { $0.input = Array("{\"a\":\"\0\"}".utf8) }),
    ("a payload that is no UTF-8", { $0.input = Array("{\"a\":\"".utf8) + [0xC3, 0x28] + Array("\"}".utf8) }),
    ("a payload that is no JSON", { $0.input = Array("{".utf8) }),
    ("a zero in the key", { $0.idempotencyKey = "a\0b" }),
    ("a zero in the tenant", { $0.tenant = "pub\0lic" }),
    ("a zero in the workflow", { $0.workflow = "fl\0ow" }),
  ]

  @Test(arguments: badSubmissions.indices)
  func aSubmissionThatCannotBeKeptFailsAlone(index: Int) throws {
    try withSchema { schema in
      let store = try schema.open()
      defer { store.close() }
      var bench = Bench(store: store, sql: { try schema.sql($0) })
      try bench.prepareDemo()
      let (name, change) = Self.badSubmissions[index]
      let submissions = [bench.submission(), bench.submission(), bench.submission(change), bench.submission()]
      let results = try together(
        submissions.map { submission in
          var batch = StoreBatch(now: bench.now)
          batch.submissions = [submission]
          return batch
        }, schema, store)
      for (place, (submission, result)) in zip(submissions, results).enumerated() {
        switch result {
        case .success(let outcome):
          #expect(place != 2, "\(name)")
          #expect(outcome.submissions == [.created(submission.id, digest: Bench.digest("a"))])
        case .failure(let error):
          #expect(place == 2, "\(error)")
          #expect(error.code == .invalid && !error.isTransient, "\(error)")
        }
      }
      #expect(try store.runs(RunFilter()).count == 3)
      #expect(try store.check() == [])
    }
  }

  @Test(arguments: ["{\"a\":\"\0\"}", "{", "\u{FEFF}{}", "{\"a\":\u{1}}"])
  func aCheckpointThatCannotBeKeptFailsAlone(patch: String) throws {
    try withSchema { schema in
      let store = try schema.open()
      defer { store.close() }
      var bench = Bench(store: store, sql: { try schema.sql($0) })
      try bench.prepareDemo()
      let lease = try bench.leased().lease
      let batches = ["{}", "{\"a\":1}", patch, "{\"b\":2}"].enumerated().map { index, patch in
        var checkpoint = TaskCheckpoint(task: "task-\(index)", attempt: 1, status: .succeeded, finishedAt: bench.now)
        checkpoint.patch = Array(patch.utf8)
        var batch = StoreBatch(now: bench.now)
        batch.checkpoints = [CheckpointWrite(lease: lease, checkpoint: checkpoint)]
        return batch
      }
      let results = try together(batches, schema, store)
      let accepted = results.map { (try? $0.get())?.checkpoints }
      #expect(accepted == [[true], [true], nil, [true]])
      guard case .failure(let error) = results[2] else { return }
      #expect(error.code == .invalid && !error.isTransient)
      #expect(try store.taskRuns(lease.run).map(\.task) == ["task-0", "task-1", "task-3"])
    }
  }

  @Test(arguments: ["a\0b", "\0", "\0\u{301}", "a\0\u{200D}b"])
  func aZeroInAMessageIsKeptAsAMark(message: String) throws {
    let marked = String(String.UnicodeScalarView(message.unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 }))
    try withSchema { schema in
      let store = try schema.open()
      defer { store.close() }
      var bench = Bench(store: store, sql: { try schema.sql($0) })
      try bench.prepareDemo()
      let run = try bench.leased()
      var checkpoint = TaskCheckpoint(task: "one", attempt: 1, status: .failed, finishedAt: bench.now)
      checkpoint.failure = Failure(.error, message)
      _ = try bench.apply { $0.checkpoints = [CheckpointWrite(lease: run.lease, checkpoint: checkpoint)] }
      #expect(try store.taskRuns(run.lease.run)[0].failure?.message == marked)
      try bench.offer(run)
      #expect(try bench.end(try bench.takeOne(), .failed(Failure(.error, message))))
      #expect(try bench.collect().map(\.outcome) == [.failed(Failure(.error, marked))])
      try bench.reportStaged("a", by: "node-1", failure: message)
      #expect(try store.staged(Bench.digest("a")).map(\.failure) == [marked])
      #expect(try bench.finish(run.lease, .failed, Failure(.error, message)))
      #expect(try bench.run(run.lease.run).lastError == marked)
      #expect(try bench.data("failed", of: run.lease.run)["error"]?.text == marked)
    }
  }

  @Test(arguments: [
    #"{"a":"\u0000"}"#, #"{"a":"\ud800"}"#, #"{"a":1,"a":2}"#, #"{"a":1e999999}"#, " {\n\t}\r\n ",
    String(repeating: #"{"a":"#, count: 900) + "1" + String(repeating: "}", count: 900),
  ])
  func jsonComesBackToTheByte(text: String) throws {
    try withSchema { schema in
      let store = try schema.open()
      defer { store.close() }
      var bench = Bench(store: store, sql: { try schema.sql($0) })
      try bench.prepareDemo()
      let id = try bench.submit { $0.input = Array(text.utf8) }
      let claim = try #require(try bench.claim().first)
      #expect(claim.lease.run == id && claim.input == Array(text.utf8))
      #expect(try bench.checkpoint(claim.lease, "one", patch: text))
      #expect(try store.taskRuns(id)[0].patch == Array(text.utf8))
      #expect(try bench.finish(claim.lease, result: text))
      #expect(try bench.run(id).result == Array(text.utf8))
    }
  }

  @Test func questionsAboutWhatCannotBeKeptAreRefusedAndHarmNothing() throws {
    try withSchema { schema in
      let store = try schema.open()
      defer { store.close() }
      var filter = RunFilter()
      filter.type = "a\0b"
      for _ in 0..<10 {
        #expect(storeError { _ = try store.run(tenant: "public", idempotencyKey: "a\0b") }?.code == .invalid)
        #expect(storeError { _ = try store.runs(filter) }?.code == .invalid)
      }
      #expect(try store.runs(RunFilter()).isEmpty)
    }
  }
}
