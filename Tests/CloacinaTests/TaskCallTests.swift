import Cloacina
import Foundation
import Testing

/// Calls of tasks outside of any run.
@Suite struct TaskCallTests {
  private func withTask(
    _ name: String, workflow: String = "data_processing", isolation: Cloacina.Options.Isolation = .runner,
    _ body: @escaping @Sendable (TaskHandle) throws -> Void
  ) async throws {
    let application = try Application()
    try await blocking {
      let cloacina = try application.open { options in
        options.isolation = isolation
        options.executesWork = false
      }
      defer { cloacina.close() }
      try cloacina.registry.registerWorkflow(SampleArchives.old)
      try body(
        cloacina.getTask(
          TaskNamespace(tenant: "public", package: SampleArchives.name, workflow: workflow, task: name)))
    }
  }

  @Test(arguments: Cloacina.Options.Isolation.allCases)
  func aCallAnswersWithThePatch(_ isolation: Cloacina.Options.Isolation) async throws {
    try await withTask("collect_data", isolation: isolation) { task in
      let answer = try task.call(["rows": 2])
      #expect(answer.outcome == .succeeded)
      #expect(answer.patch.json == #"{"raw_data":[10,20]}"#)
      #expect(try task.call().patch["raw_data"]?.elements?.count == 5)
      #expect(
        try task.call(["rows": 0]).outcome
          == .failed(errorClass: "permanent", reason: "rows must be between 1 and 10000, not 0"))
      #expect(task.dependencies == [] && !task.description.isEmpty)
    }
  }

  @Test func aCrashIsAnAnswerAndTheNextCallWorks() async throws {
    try await withTask("misbehave", workflow: "mischief") { task in
      guard case .failed(let errorClass, let reason) = try task.call(["crash": true]).outcome else {
        Issue.record("a task that crashes has failed")
        return
      }
      #expect(errorClass == "crash" && reason.contains("SIGSEGV"))
      #expect(try task.call().outcome == .succeeded)
    }
  }

  @Test func aTimeLimitIsKept() async throws {
    try await withTask("process_data") { task in
      let answer = try task.call(["raw_data": [1], "pause_ms": 600_000], timeout: .milliseconds(20))
      guard case .failed(let errorClass, _) = answer.outcome else {
        Issue.record("it ended as \(answer.outcome)")
        return
      }
      #expect(errorClass == "timeout" && answer.patch == [:])
    }
  }

  @Test func cancellingTheSwiftTaskEndsTheCall() async throws {
    let application = try Application()
    let cloacina = try await Cloacina.open(database: application.database, options: Application.options())
    try await cloacina.registry.registerWorkflow(SampleArchives.old)
    let task = try await cloacina.getTask(Application.task("process_data"))
    let call = Task { try await task.call(["raw_data": [1], "pause_ms": 600_000]) }
    call.cancel()
    #expect(try await call.value.outcome == .cancelled)
    #expect(try await task.call(["raw_data": [1]]).patch["processed_data"]?["total"] == 1)
    await cloacina.close()
  }

  @Test func closingTheEngineEndsACall() async throws {
    let application = try Application()
    let cloacina = try await Cloacina.open(
      database: application.database, options: Application.options { $0.drain = .zero })
    try await cloacina.registry.registerWorkflow(SampleArchives.old)
    let task = try await cloacina.getTask(Application.task("process_data"))
    let call = Task { try await task.call(["raw_data": [1], "pause_ms": 600_000]) }
    await cloacina.close()
    do {
      // Nothing but its host can have ended it.
      guard case .lost = try await call.value.outcome else {
        Issue.record("a call that is still running is lost when the engine is closed")
        return
      }
    } catch let error as CloacinaError { #expect(error.code == "CLO-E001", "it came too late to begin") }
    await #expect(throws: CloacinaError.self) { try await task.call() }
  }
}
