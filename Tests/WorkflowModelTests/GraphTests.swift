import Testing

@testable import WorkflowModel

@Suite struct GraphTests {
  private static func plan(_ tasks: TaskDefinition..., name: String = "w") throws -> RunPlan {
    try RunPlan(WorkflowDefinition(name: name, tasks: tasks))
  }

  private static func task(_ id: String, _ dependencies: String..., change: (inout TaskDefinition) -> Void = { _ in })
    -> TaskDefinition
  {
    var task = TaskDefinition(id: id, dependencies: dependencies)
    change(&task)
    return task
  }

  @Test func ordersByDistanceThenDeclaration() throws {
    // d needs c needs a; b needs nothing; e needs b and d.
    let plan = try Self.plan(
      Self.task("e", "d", "b"), Self.task("d", "c"), Self.task("c", "a"), Self.task("b"), Self.task("a"))
    #expect(plan.topologicalOrder == [3, 4, 2, 1, 0])
    #expect(plan.dependencies == [[1, 3], [2], [4], [], []])
    #expect(plan.dependents == [[], [0], [1], [0], [2]])
    #expect(plan.last == 0)
    #expect(plan.mayConflict && plan.areUnordered(3, 2) && !plan.areUnordered(0, 4) && !plan.areUnordered(0, 0))
  }

  @Test func knowsAPipeline() throws {
    let plan = try Self.plan(Self.task("a"), Self.task("b", "a"), Self.task("c", "b"))
    #expect(!plan.mayConflict && plan.last == 2)
    let wide = try Self.plan(Self.task("a"), Self.task("b", "a"), Self.task("c", "a"))
    #expect(wide.mayConflict && wide.last == nil)
  }

  @Test func keepsAncestorsApartBeyondOneWord() throws {
    let tasks = (0..<200).map { TaskDefinition(id: "t\($0)", dependencies: $0 >= 2 ? ["t\($0 - 2)"] : []) }
    let plan = try RunPlan(WorkflowDefinition(name: "w", tasks: tasks))
    #expect(plan.ancestors.isAncestor(0, of: 198) && !plan.ancestors.isAncestor(1, of: 198))
    #expect(!plan.ancestors.isAncestor(198, of: 0))
    #expect(plan.ancestors.count(of: 199) == 99 && plan.ancestors.count(of: 0) == 0)
  }

  private static func failure(_ tasks: [TaskDefinition], name: String = "w") -> GraphError? {
    do throws(GraphError) {
      _ = try RunPlan(WorkflowDefinition(name: name, tasks: tasks))
      return nil
    } catch {
      return error
    }
  }

  @Test func refusesNamesAndNothing() {
    #expect(Self.failure([])?.code == "CLO-G001")
    #expect(Self.failure([Self.task("a")], name: "w w")?.code == "CLO-G002")
    #expect(Self.failure([Self.task("1a")])?.code == "CLO-G002")
    #expect(Self.failure([Self.task("")])?.code == "CLO-G002")
    let twice = Self.failure([Self.task("a"), Self.task("b"), Self.task("a")])
    #expect(twice?.description == "CLO-G003: workflow 'w': two tasks are called 'a'; ids must differ")
  }

  @Test func refusesDependencies() {
    let missing = Self.failure([Self.task("collect_data"), Self.task("b", "colect_data")])
    #expect(missing?.code == "CLO-G004")
    #expect(missing?.message.hasSuffix("no task is called; did you mean 'collect_data'?") == true)
    #expect(Self.failure([Self.task("a", "zzzzzzzz")])?.message.contains("did you mean") == false)
    #expect(Self.failure([Self.task("a", "a")])?.code == "CLO-G005")
    #expect(Self.failure([Self.task("a"), Self.task("b", "a", "a")])?.code == "CLO-G006")
  }

  @Test func showsTheCycle() {
    let two = Self.failure([Self.task("a", "b"), Self.task("b", "a")])
    #expect(two?.code == "CLO-G007" && two?.message.contains("a → b → a (") == true, "\(String(describing: two))")
    // `x` waits for the cycle without being part of it; `r` comes before it.
    let tasks = [
      Self.task("x", "c"), Self.task("r"), Self.task("a", "r", "c"), Self.task("b", "a"), Self.task("c", "b"),
    ]
    let three = Self.failure(tasks)
    #expect(three?.message.contains(": c → b → a → c (") == true, "\(String(describing: three))")
  }

  @Test func refusesRulesAboutStrangers() {
    let stranger = Self.task("c", "build") { $0.rule = .any([.none([.failed("biuld")])]) }
    let error = Self.failure([Self.task("build"), Self.task("other"), stranger])
    #expect(error?.code == "CLO-G008" && error?.message.hasSuffix("did you mean 'build'?") == true)
    let sibling = Self.task("c", "build") { $0.rule = .skipped("other") }
    #expect(Self.failure([Self.task("build"), Self.task("other"), sibling])?.code == "CLO-G008")
  }

  @Test func refusesNumbersOutOfRange() {
    let changes: [(String, @Sendable (inout TaskDefinition) -> Void)] = [
      ("max_attempts", { $0.retry.maxAttempts = 0 }), ("max_attempts", { $0.retry.maxAttempts = 10_001 }),
      ("base_ms", { $0.retry.baseMilliseconds = -1 }), ("base_ms", { $0.retry.baseMilliseconds = .max }),
      ("cap_ms", { $0.retry.capMilliseconds = -1 }), ("multiplier", { $0.retry.multiplierPermille = 0 }),
      ("multiplier", { $0.retry.multiplierPermille = 1_000_001 }), ("jitter", { $0.retry.jitterPermille = 1001 }),
      ("jitter", { $0.retry.jitterPermille = -1 }), ("timeout_ms", { $0.timeoutMilliseconds = -1 }),
      ("concurrency_limit", { $0.concurrencyLimit = -1 }),
    ]
    for (word, change) in changes {
      let error = Self.failure([Self.task("a", change: change)])
      #expect(error?.code == "CLO-G009" && error?.message.contains(word) == true, "\(word)")
    }
    let limits = Self.task("a") {
      ($0.retry.maxAttempts, $0.retry.jitterPermille, $0.timeoutMilliseconds) = (10_000, 1000, 31_536_000_000)
    }
    #expect(Self.failure([limits]) == nil)
  }
}
