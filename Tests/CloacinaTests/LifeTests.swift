import Cloacina
import Foundation
import Testing

/// Opening, waiting and closing.
@Suite struct LifeTests {
  @Test func whoWaitsBlocksNobody() async throws {
    let application = try Application()
    // Nothing executes: only the cancellation below ends the run. It needs a thread of the cooperative pool, and one of
    // the library's; waits that held either would keep it from both.
    let cloacina = try await Cloacina.open(
      database: application.database, options: Application.options { $0.executesWork = false })
    try await cloacina.registry.registerWorkflow(SampleArchives.old)
    let run = try await cloacina.scheduler.scheduleWorkflow("data_processing")
    try await withThrowingTaskGroup(of: RunHandle.Status.self) { group in
      for _ in 0..<200 { group.addTask { try await run.wait().status } }
      #expect(try await run.cancel())
      for try await status in group { #expect(status == .cancelled) }
    }
    let error = await #expect(throws: CloacinaError.self) { try await run.result() }
    #expect(error?.code == "CLO-E005" && error?.message.contains("was cancelled") == true)
    await cloacina.close()
  }

  @Test func aWaitEndsInTimeWithItsTaskAndWithTheEngine() async throws {
    let application = try Application()
    let cloacina = try await Cloacina.open(
      database: application.database, options: Application.options { $0.executesWork = false })
    try await cloacina.registry.registerWorkflow(SampleArchives.old)
    let run = try await cloacina.scheduler.scheduleWorkflow("data_processing")
    let late = await #expect(throws: CloacinaError.self) { try await run.wait(timeout: .milliseconds(5)) }
    #expect(late?.code == "CLO-E004" && late?.kind == .timeout && late?.message.contains("pending") == true)

    let waiting = Task { try await run.wait() }
    waiting.cancel()
    let calledOff = await #expect(throws: CloacinaError.self) { try await waiting.value }
    #expect(calledOff?.code == "CLO-E008")
    #expect(try await run.status() == .pending, "the run goes on")

    let last = Task { try await run.wait() }
    let blocked = Task { try await blocking { try run.wait() } }
    await cloacina.close()
    for error in [
      await #expect(throws: CloacinaError.self, performing: { try await blocked.value }),
      await #expect(throws: CloacinaError.self, performing: { try await last.value }),
      await #expect(throws: CloacinaError.self, performing: { try await run.status() }),
      await #expect(throws: CloacinaError.self, performing: { try await cloacina.registry.list() }),
    ] { #expect(error?.code == "CLO-E001") }
    await cloacina.close()
  }

  @Test func workGoesOnWhenTheDatabaseIsOpenedAgain() async throws {
    let application = try Application()
    let id = try await blocking {
      let cloacina = try application.open { $0.executesWork = false }
      defer { cloacina.close() }
      try cloacina.registry.registerWorkflow(SampleArchives.old)
      return try cloacina.scheduler.scheduleWorkflow("data_processing", context: ["rows": 2]).id
    }
    try await blocking {
      let cloacina = try application.open()
      defer { cloacina.close() }
      #expect(try cloacina.scheduler.run(id).result(timeout: .seconds(60))["processed_data"]?["total"] == 30)
    }
  }

  @Test func theLastHandleKeepsTheEngineAndLettingItGoClosesIt() async throws {
    let application = try Application()
    try await blocking {
      var task: TaskHandle? = try { () throws(CloacinaError) in
        let cloacina = try application.open()
        try cloacina.registry.registerWorkflow(SampleArchives.old)
        return try cloacina.getTask(Application.task("collect_data"))
      }()
      #expect(try task?.call(["rows": 1]).outcome == .succeeded)
      let refused = #expect(throws: CloacinaError.self) { try application.open { $0.patience = .zero } }
      #expect(refused?.code == "CLO-S002" && refused?.kind == .refused)
      task = nil
      try application.open { $0.patience = .seconds(60) }.close()
    }
  }

  @Test func whatCannotWorkIsRefusedAtTheStart() async throws {
    let application = try Application()
    try await blocking {
      func refusal(_ change: (inout Cloacina.Options) -> Void) -> CloacinaError? {
        #expect(throws: CloacinaError.self) { try application.open(change) }
      }
      #expect(refusal { $0.runner = "/nowhere/cloacina-runner" }?.code == "CLO-E002")
      #expect(refusal { $0.slots = 0 }?.message.contains("slots") == true)
      #expect(refusal { $0.lease = .milliseconds(10) }?.code == "CLO-E007")
      #expect(refusal { $0.lease = .seconds(Int64.max) }?.code == "CLO-E007")
      #expect(refusal { $0.retentionDays = 0 }?.code == "CLO-E007")
      #expect(refusal { $0.auditRetentionDays = 0 }?.code == "CLO-E007")
      #expect(refusal { $0.runnerIdle = .zero }?.message.contains("runnerIdle") == true)
      #expect(refusal { $0.runnerCalls = 0 }?.message.contains("runnerCalls") == true)
      #expect(refusal { $0.runnerMemory = 0 }?.message.contains("runnerMemory") == true)
      #expect(refusal { $0.runners = 0 }?.message.contains("runners") == true)
      #expect(refusal { $0.images = -1 }?.message.contains("images") == true)
      let url = #expect(throws: CloacinaError.self) {
        try Cloacina.open(database: "mysql://ada:geheim@db", options: Application.options())
      }
      #expect(url?.code == "CLO-R002" && url?.description.contains("geheim") == false)
      try application.open { options in
        options.isolation = .inProcess
        options.runner = "/nowhere/cloacina-runner"
      }.close()
    }
  }
}
