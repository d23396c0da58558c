import CloacinaABI
import CloacinaKit
import Testing

extension ExportedPackages {
  @Suite struct Descriptor {
    private func table(_ package: ExportedPackage) -> cloacina_package {
      package.package.assumingMemoryBound(to: cloacina_package.self).pointee
    }

    @Test func theIdentityIsCompletedByTheSource() throws {
      let package = ExportedPackage(
        Package(description: "from the source") { workflow("only", description: "one") { task("t") { _ in } } },
        PackageIdentity(name: "tested", version: "1.2.3", description: "from the file", author: "somebody"))
      let table = table(package)
      #expect(table.struct_size == MemoryLayout<cloacina_package>.size)
      #expect(table.abi_major == CLOACINA_ABI_MAJOR && table.abi_minor == CLOACINA_ABI_MINOR)
      #expect(FakeHost.string(table.name) == "tested")
      #expect(FakeHost.string(table.version) == "1.2.3")
      #expect(FakeHost.string(table.description) == "from the source")
      #expect(FakeHost.string(table.author) == "somebody")
      #expect(FakeHost.string(table.compiler) == PackageIdentity.thisCompiler)
      let metadata = package.packageMetadata.assumingMemoryBound(to: cloacina_package_metadata.self).pointee
      #expect(String(cString: metadata.package) == "tested" && String(cString: metadata.version) == "1.2.3")
    }

    @Test func aTaskCrossesTheBoundaryWhole() throws {
      let package = export {
        task("first") { _ in }
        task(
          "second", after: ["first"], description: "all of it",
          retry: .exponential(attempts: 5, base: .milliseconds(250), multiplier: 1.5, cap: .seconds(9)).jitter(0.29)
            .only(on: [.errors, .crashes]),
          timeout: .seconds(30), tags: ["gpu", "eu"], concurrency: Concurrency(key: "api", limit: 3)
        ) { _ in }
      }
      let workflow = table(package).workflows[0].pointee
      #expect(workflow.task_count == 2 && workflow.on_conflict == CLOACINA_CONFLICT_LAST_DECLARED)
      #expect(workflow.tasks[0].pointee.retry == nil && workflow.tasks[0].pointee.timeout_ms == 0)
      let second = workflow.tasks[1].pointee
      #expect(FakeHost.string(second.id) == "second" && FakeHost.string(second.description) == "all of it")
      #expect(second.dependency_count == 1)
      let dependencies = try #require(second.dependencies)
      #expect(FakeHost.string(dependencies[0]) == "first")
      let retry = try #require(second.retry).pointee
      #expect(retry.max_attempts == 5 && retry.backoff == CLOACINA_BACKOFF_EXPONENTIAL)
      #expect(retry.base_ms == 250 && retry.cap_ms == 9000)
      #expect(retry.multiplier_permille == 1500 && retry.jitter_permille == 290)
      #expect(retry.retry_on == UInt32(CLOACINA_RETRY_ON_ERROR | CLOACINA_RETRY_ON_CRASH))
      #expect(second.timeout_ms == 30_000)
      let tags = try #require(second.tags)
      #expect(second.tag_count == 2 && FakeHost.string(tags[1]) == "eu")
      #expect(FakeHost.string(second.concurrency_key) == "api" && second.concurrency_limit == 3)
    }

    @Test func aWorkflowSaysWhatBecomesOfItsRuns() {
      let package = ExportedPackage(
        Package {
          workflow("stays") { task("t") { _ in } }
          workflow("follows", upgrade: .nextTask) { task("t") { _ in } }
        }, PackageIdentity(name: "tested", version: "1.0.0"))
      let workflows = table(package).workflows
      #expect(workflows[0].pointee.upgrade == CLOACINA_UPGRADE_PINNED)
      #expect(workflows[1].pointee.upgrade == CLOACINA_UPGRADE_NEXT_TASK)
      #expect(workflows[1].pointee.struct_size == MemoryLayout<cloacina_workflow>.size)
    }

    @Test func aSchemaOfTheInputIsHandedOverAsWritten() {
      let package = ExportedPackage(
        Package {
          workflow("asks", inputSchema: #"{"required": ["é"]}"#) { task("t") { _ in } }
          workflow("takes") { task("t") { _ in } }
        }, PackageIdentity(name: "tested", version: "1.0.0"))
      let workflows = table(package).workflows
      let schema = workflows[0].pointee.input_schema
      let bytes = UnsafeRawBufferPointer(start: schema.utf8, count: schema.count)
      #expect(String(decoding: bytes, as: UTF8.self) == #"{"required": ["é"]}"#)
      #expect(workflows[1].pointee.input_schema.count == 0)
    }

    @Test func rulesNest() throws {
      let package = export {
        task("a") { _ in }
        task("b", after: "a", rule: .any([.failed("a"), .all([.succeeded("a"), .context("rows", .greater, 10)])])) {
          _ in
        }
      }
      let workflow = table(package).workflows[0].pointee
      let rule = try #require(workflow.tasks[1].pointee.rule).pointee
      #expect(rule.kind == CLOACINA_RULE_ANY && rule.child_count == 2)
      let children = try #require(rule.children)
      #expect(children[0].pointee.kind == CLOACINA_RULE_FAILED && FakeHost.string(children[0].pointee.subject) == "a")
      let context = try #require(children[1].pointee.children)[1].pointee
      #expect(context.kind == CLOACINA_RULE_CONTEXT && context.comparison == CLOACINA_COMPARE_GREATER)
      #expect(FakeHost.string(context.subject) == "rows" && FakeHost.string(context.value) == "10")
    }

    @Test func numbersOutsideTheABIAreLimitedNotFatal() throws {
      let package = export {
        task(
          "a", retry: .exponential(attempts: .max, base: .seconds(Int64.max), multiplier: .nan).jitter(7),
          timeout: .seconds(-1)
        ) {
          _ in
        }
        task("b", retry: .linear(attempts: -3, base: .seconds(1)), timeout: .microseconds(1)) { _ in }
      }
      let workflow = table(package).workflows[0].pointee
      let retry = try #require(workflow.tasks[0].pointee.retry).pointee
      #expect(retry.max_attempts == .max && retry.base_ms == .max)
      #expect(retry.multiplier_permille == 0 && retry.jitter_permille == 1000)
      #expect(workflow.tasks[0].pointee.timeout_ms == 0)
      #expect(workflow.tasks[1].pointee.retry == nil)
      #expect(workflow.tasks[1].pointee.timeout_ms == 1, "a limit that was asked for must not become no limit")
    }

    @Test func loopsDeclareTasks() throws {
      let shards = (1...8).map { "shard_\($0)" }
      let package = export {
        task("split") { _ in }
        for shard in shards { task(shard, after: "split") { _ in } }
        task("join", after: Dependencies(shards)) { _ in }
      }
      let workflow = table(package).workflows[0].pointee
      #expect(workflow.task_count == 10 && workflow.tasks[9].pointee.dependency_count == 8)
    }

    @Test func foreignProgramsFindWorkflowsByName() {
      let package = export { task("a") { _ in } }
      let found = package.workflow(tenant: "public", id: "main")
      #expect(found == UnsafeRawPointer(table(package).workflows[0]))
      #expect(package.workflow(tenant: "public", id: "other") == nil)
      #expect(package.workflow(tenant: "", id: "main") == nil)
      #expect(package.workflow(tenant: nil, id: "main") == nil)
      #expect(package.workflow(tenant: "public", id: nil) == nil)
    }
  }
}
