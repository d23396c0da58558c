import CPackageImage
import Foundation
import Testing

private let done: Int32 = 0
private let retry: Int32 = 1
private let fail: Int32 = 2
private let cancelled: Int32 = 3
private let misuse: Int32 = 5

@Suite("Image: a package in this process")
struct ImageTests {
  @Test("the descriptor carries everything the author declared")
  func descriptor() throws {
    let image = try Image("well_behaved")
    let root = try #require(
      try JSONSerialization.jsonObject(with: Data(image.descriptor.utf8)) as? [String: Any])
    #expect(root["name"] as? String == "well_behaved")
    #expect(root["fingerprint"] as? String == "f00d")
    #expect(root["abi_major"] as? Int == 1)
    let workflows = try #require(root["workflows"] as? [[String: Any]])
    #expect(workflows[0]["on_conflict"] as? String == "last_declared")
    let tasks = try #require(workflows[0]["tasks"] as? [[String: Any]])
    #expect(
      tasks.map { $0["id"] as? String } == [
        "echo", "sleep", "fail", "retry", "log", "heartbeat", "describe",
      ])
    #expect(tasks[0]["description"] as? String == "Says \"it\" back.\n\t\u{1} é")
    #expect(tasks[0]["retry"] is NSNull && tasks[0]["rule"] is NSNull)
    #expect(tasks[1]["timeout_ms"] as? Int == 60000)
    #expect(tasks[4]["tags"] as? [String] == ["gpu", "zone:a"])
    #expect(
      tasks[5]["concurrency_key"] as? String == "heart"
        && tasks[5]["concurrency_limit"] as? Int == 2)
    #expect(tasks[6]["dependencies"] as? [String] == ["echo"])
  }

  @Test("retry policies and rules are written word for word")
  func retryAndRule() throws {
    let descriptor = try Image("well_behaved").descriptor
    let retry = """
      "retry":{"max_attempts":3,"backoff":"exponential","base_ms":5,"cap_ms":100,"multiplier_permille":2000,\
      "jitter_permille":250,"retry_on":["error","crash"]}
      """
    let rule = #"""
      "rule":{"kind":"any","rules":[{"kind":"failed","task":"echo"},{"kind":"context","key":"size","comparison":"greater",\#
      "value_json":"\"a\\nb\""}]}
      """#
    #expect(descriptor.contains(retry))
    #expect(descriptor.contains(rule))
  }

  @Test("each kind of answer arrives as it was given")
  func answers() throws {
    let image = try Image("well_behaved")
    try image.start()
    defer { cloacina_image_stop(image.handle) }
    #expect(
      image.run(task: 0, input: #"{"a":1}"#)
        == Reply(status: done, output: #"{"echo":{"a":1}}"#, explanation: ""))
    #expect(image.run(task: 2) == Reply(status: fail, output: "", explanation: "told to fail"))
    #expect(
      image.run(task: 3) == Reply(status: retry, output: "", explanation: "told to be tried again"))
    #expect(image.run(task: 3, attempt: 2) == Reply(status: done, output: "", explanation: ""))
    #expect(image.run(task: 1, input: #"{"ms":100000}"#, cancelled: 1).status == cancelled)
  }

  @Test("the call names its run, task, attempt and deadline")
  func callFields() throws {
    let image = try Image("well_behaved")
    try image.start()
    defer { cloacina_image_stop(image.handle) }
    let expected =
      #"{"attempt":2,"deadline":77,"run_id":"run-1","workflow":"main","task":"describe","key":"","trace":""}"#
    #expect(image.run(task: 6, attempt: 2, deadline: 77).output == expected)
  }

  @Test("lines, heartbeats and progress reach the host in order")
  func told() throws {
    let image = try Image("well_behaved")
    let opening = Told()
    try image.start(told: opening)
    defer { cloacina_image_stop(image.handle) }
    #expect(opening.lines == ["log 2 open"])
    let told = Told()
    _ = image.run(task: 4, told: told)
    _ = image.run(task: 5, told: told)
    #expect(
      told.lines == [
        "log 2 first line", "log 4 second line", "heartbeat 5000", "progress 500 half",
      ])
  }

  @Test("the last explanation counts")
  func lastExplanation() throws {
    let image = try Image("explains_failure")
    try image.start()
    #expect(image.run() == Reply(status: fail, output: "", explanation: "the invoice has no lines"))
  }

  @Test(
    "an answer that the ABI does not allow is misuse with a sentence",
    arguments: [
      ("odd_status", "run answered 42, "), ("answers_deferred", "run answered 4 (deferred)"),
      ("emits_null", "emit was given a null pointer"), ("output_too_large", "output too large: "),
    ])
  func misuses(name: String, sentence: String) throws {
    let image = try Image(name)
    try image.start()
    let reply = image.run()
    #expect(reply.status == misuse && reply.output.isEmpty)
    #expect(reply.explanation.hasPrefix(sentence), "\(reply.explanation)")
  }

  @Test("output of exactly the cap is accepted, one byte more is not")
  func outputCap() throws {
    let image = try Image("well_behaved")
    try image.start()
    defer { cloacina_image_stop(image.handle) }
    let size = #"{"echo":{}}"#.utf8.count
    #expect(image.run(outputCap: size).status == done)
    #expect(image.run(outputCap: size - 1).status == misuse)
  }

  @Test(
    "a task the package does not have is misuse, not a crash",
    arguments: [(UInt32(0), UInt32(7)), (1, 0), (.max, 0)])
  func unknownTask(workflow: UInt32, task: UInt32) throws {
    let image = try Image("well_behaved")
    try image.start()
    defer { cloacina_image_stop(image.handle) }
    #expect(image.run(workflow: workflow, task: task).status == misuse)
  }

  @Test("libraries behind the same descriptor number stay apart")
  func reusedDescriptor() throws {
    let names = ["retries", "explains_failure", "odd_status", "well_behaved"]
    for name in names + names {
      #expect(try Image(name).descriptor.hasPrefix("{\"name\":\"\(name)\""))
    }
  }

  @Test("a workflow says whether its runs follow the active version; one of ABI 1.0 does not")
  func upgrade() throws {
    #expect(try Image("next_task").descriptor.contains(#""upgrade":"next-task""#))
    for name in ["older_workflow", "well_behaved"] { #expect(!(try Image(name).descriptor.contains("upgrade"))) }
  }

  @Test("a workflow says what its input has to fit; one of ABI 1.1 does not")
  func inputSchema() throws {
    #expect(try Image("with_schema").descriptor.contains(#""input_schema":"{\"required\": [\"rows\"]}""#))
    let older = try Image("older_schema").descriptor
    #expect(older.contains(#""upgrade":"next-task""#) && !older.contains("input_schema"))
    #expect(!(try Image("well_behaved").descriptor.contains("input_schema")))
  }

  @Test("a package built for a newer minor version loads")
  func newerMinor() throws {
    let image = try Image("newer_struct")
    try image.start()
    #expect(image.run().status == done)
  }
}
