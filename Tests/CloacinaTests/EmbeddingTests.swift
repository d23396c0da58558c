import Cloacina
import Foundation
import Testing

/// The calls of the founding documents, in the order in which a program makes them.
@Suite struct EmbeddingTests {
  private static let input: WorkflowContext = ["processed_data": ["count": 2, "total": 30]]

  private func generator(_ task: TaskHandle) throws -> String? {
    try task.call(Self.input).patch["final_report"]?["generated_by"]?.text
  }

  @Test(arguments: Cloacina.Options.Isolation.allCases)
  func handlesKeepTheirVersionAcrossASwap(_ isolation: Cloacina.Options.Isolation) async throws {
    let application = try Application()
    try await blocking {
      let cloacina = try application.open { $0.isolation = isolation }
      defer { cloacina.close() }
      let package = try cloacina.loader.loadWorkflowPackage(bytes: SampleArchives.old)
      #expect(try cloacina.registry.list().isEmpty, "loading registers nothing")
      let tasks = try package.registerTasks(tenant: "public", workflow: "data_processing")
      #expect(
        tasks.map(\.namespace.description)
          == ["collect_data", "process_data", "generate_report"].map {
            "public::simple_demo_c::data_processing::\($0)"
          })
      let before = try cloacina.getTask(Application.task("generate_report"))
      #expect(before.packageID == package.id && before.version == "1.0.0")

      #expect(try cloacina.registry.registerWorkflow(SampleArchives.new) != package.id)
      let after = try cloacina.getTask(Application.task("generate_report"))
      #expect(try generator(before) == "simple_demo_c 1.0.0")
      #expect(try generator(tasks[2]) == "simple_demo_c 1.0.0")
      #expect(try generator(after) == "simple_demo_c 1.1.0")

      #expect(try cloacina.registry.rollBack("simple_demo_c").version == "1.0.0")
      let again = try cloacina.getTask(Application.task("generate_report"))
      #expect(try generator(again) == "simple_demo_c 1.0.0")
      #expect(try generator(after) == "simple_demo_c 1.1.0")
      #expect(try cloacina.registry.activate("simple_demo_c", version: "1.1.0").previous == package.id)
    }
  }

  @Test func aPackageSaysWhatItHoldsBeforeItIsRegistered() async throws {
    let application = try Application()
    try await blocking {
      let cloacina = try application.open { $0.executesWork = false }
      defer { cloacina.close() }
      let path = "\(application.folder)/demo.cloacina"
      try Data(SampleArchives.new).write(to: URL(fileURLWithPath: path))
      let package = try cloacina.loader.loadWorkflowPackage(path)
      #expect(package.name == "simple_demo_c" && package.version == "1.1.0" && package.author == "Cloacina")
      #expect(package.workflows.map(\.name) == ["data_processing", "mischief"])
      #expect(package.tasks.map(\.name) == ["collect_data", "process_data", "generate_report", "misbehave"])
      #expect(package.workflows[0].tasks[1].dependencies == ["collect_data"])
      #expect(package.archive == SampleArchives.new)

      var damaged = SampleArchives.new
      damaged[damaged.count / 2] ^= 1
      let refused = #expect(throws: CloacinaError.self) {
        try cloacina.loader.loadWorkflowPackage(bytes: damaged)
      }
      #expect(refused?.kind == .rejectedPackage && refused?.code.hasPrefix("CLO-A") == true && refused?.fix != nil)
      let missing = #expect(throws: CloacinaError.self) {
        try cloacina.loader.loadWorkflowPackage("\(application.folder)/nothing")
      }
      #expect(missing?.code == "CLO-E003")
    }
  }

  @Test func aRunIsStartedWaitedForAndFoundAgain() async throws {
    let application = try Application()
    try await blocking {
      let cloacina = try application.open()
      defer { cloacina.close() }
      let id = try cloacina.registry.registerWorkflow(SampleArchives.old)
      let run = try cloacina.scheduler.scheduleWorkflow(
        "simple_demo_c.data_processing", context: ["rows": 3], idempotencyKey: "order-7")
      #expect(run.isNew && run.packageID == id)
      #expect(try run.result(timeout: .seconds(60))["final_report"]?["summary"] == "3 rows, total 60")
      let state = try cloacina.scheduler.run(run.id).state()
      #expect(state.status == .succeeded && state.version == "1.0.0" && state.packageID == id)
      #expect(try !run.cancel(), "it is over")

      let second = try cloacina.scheduler.scheduleWorkflow(
        "simple_demo_c.data_processing", context: ["rows": 4], idempotencyKey: "order-7")
      #expect(!second.isNew && second.id == run.id)

      let many = try cloacina.scheduler.scheduleWorkflow(
        "data_processing", contexts: (1...20).map { ["rows": .init($0)] })
      for (rows, run) in zip(1..., many) {
        #expect(try run.result(timeout: .seconds(60))["processed_data"]?["count"]?.integer == rows)
      }
      #expect(try cloacina.registry.versions("simple_demo_c").map(\.runsInFlight) == [0])
    }
  }

  @Test func aRunThatFailsSaysWhy() async throws {
    let application = try Application()
    try await blocking {
      let cloacina = try application.open()
      defer { cloacina.close() }
      try cloacina.registry.registerWorkflow(SampleArchives.old)
      let run = try cloacina.scheduler.scheduleWorkflow("data_processing", context: ["rows": 0])
      let error = #expect(throws: CloacinaError.self) { try run.result(timeout: .seconds(60)) }
      #expect(error?.kind == .failed && error?.code == "CLO-E005")
      #expect(error?.message.contains("rows must be between 1 and 10000") == true, "\(String(describing: error))")
      #expect(try run.state().errorClass == "permanent")
    }
  }

  @Test func aContextThatDoesNotFitTheSchemaIsRefused() async throws {
    let application = try Application()
    try await blocking {
      let cloacina = try application.open()
      defer { cloacina.close() }
      try cloacina.registry.registerWorkflow(SampleArchives.intake)
      let error = #expect(throws: CloacinaError.self) {
        try cloacina.scheduler.scheduleWorkflow("report", contexts: [["rows": 1], ["rows": "two"]])
      }
      #expect(error?.kind == .invalid && error?.code == "CLO-R087", "\(String(describing: error))")
      #expect(error?.message.contains("input 2: ") == true && error?.message.contains("at /rows: ") == true)
      #expect(try cloacina.registry.versions("intake").map(\.runsInFlight) == [0])
      let run = try cloacina.scheduler.scheduleWorkflow("report", context: ["rows": 2])
      #expect(try run.result(timeout: .seconds(60))["counted"]?.integer == 2)
    }
  }

  @Test func theLibraryFindsWhatItPublished() async throws {
    let application = try Application()
    try await blocking {
      let cloacina = try application.open { $0.executesWork = false }
      defer { cloacina.close() }
      let package = try cloacina.loader.loadWorkflowPackage(bytes: SampleArchives.old)
      try package.registerTasks(tenant: "anna", workflow: "mischief")
      try package.registerTasks(tenant: "bert")
      try cloacina.registry.registerWorkflow(SampleArchives.new, tenant: "bert", activate: false)
      func names(_ pattern: String?) throws -> [String] {
        try cloacina.registry.tasks(matching: pattern).map(\.namespace.description)
      }
      #expect(try names(nil).count == 8)
      #expect(try names("*::*::mischief") == ["anna", "bert"].map { "\($0)::simple_demo_c::mischief::misbehave" })
      #expect(
        try names("bert::simple_*::data_processing::*_data")
          == ["collect_data", "process_data"].map { "bert::simple_demo_c::data_processing::\($0)" })
      #expect(try names("carl").isEmpty)
      #expect(try cloacina.registry.tasks().allSatisfy { $0.version == "1.0.0" && $0.packageID == package.id })
      #expect(try cloacina.registry.list(tenant: "bert").map(\.version) == ["1.1.0", "1.0.0"])
      #expect(try cloacina.registry.list(tenant: "bert").map(\.isActive) == [false, true])
      #expect(throws: CloacinaError.self) { try cloacina.registry.tasks(matching: "a::b::c::d::e") }
    }
  }

  @Test func whatIsNotThereIsNamedWithItsNearestNeighbour() async throws {
    let application = try Application()
    try await blocking {
      let cloacina = try application.open { $0.executesWork = false }
      defer { cloacina.close() }
      let package = try cloacina.loader.loadWorkflowPackage(bytes: SampleArchives.old)
      let workflow = #expect(throws: CloacinaError.self) { try package.registerTasks(workflow: "data_procesing") }
      #expect(workflow?.code == "CLO-E006" && workflow?.message.contains("did you mean 'data_processing'") == true)
      #expect(try cloacina.registry.list().isEmpty, "a mistake registers nothing")
      let early = #expect(throws: CloacinaError.self) { try cloacina.getTask(Application.task("collect_data")) }
      #expect(early?.kind == .notFound && early?.message.contains("has no active version") == true)
      try package.registerTasks()
      let task = #expect(throws: CloacinaError.self) { try cloacina.getTask(Application.task("colect_data")) }
      #expect(task?.code == "CLO-E006" && task?.message.contains("did you mean 'collect_data'") == true)
      #expect(throws: CloacinaError.self) { try cloacina.scheduler.run("nobody") }
      #expect(throws: CloacinaError.self) { try cloacina.scheduler.scheduleWorkflow("nothing") }
      #expect(throws: CloacinaError.self) { try cloacina.registry.activate("simple_demo_c", version: "9.9.9") }
    }
  }
}
