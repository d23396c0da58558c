import Testing

@testable import WorkflowModel

@Suite struct DescriptorTests {
  static var full: PackageDescriptor {
    var retry = RetryPolicy()
    retry.maxAttempts = 4
    retry.backoff = .linear
    retry.baseMilliseconds = 10
    retry.capMilliseconds = 50
    retry.multiplierPermille = 1500
    retry.jitterPermille = 100
    retry.retryOn = [.error, .crash]
    var second = TaskDefinition(id: "second", dependencies: ["first"])
    second.description = "does \"it\""
    second.retry = retry
    second.timeoutMilliseconds = 1234
    second.rule = .any([
      .all([.succeeded("first"), .failed("first")]), .none([.skipped("first")]), .always,
      .context(key: "n", comparison: .notEqual, value: .object([JSONMember("a", .number("1e400"))])),
    ])
    second.tags = ["gpu", "eu"]
    second.concurrencyKey = "db"
    second.concurrencyLimit = 3
    second.defers = true
    var workflow = WorkflowDefinition(name: "flow", tasks: [TaskDefinition(id: "first"), second])
    workflow.description = "w"
    workflow.onConflict = .refuse
    var package = PackageDescriptor(name: "demo", version: "1.0.0", workflows: [workflow])
    (package.description, package.author, package.fingerprint, package.compiler) = ("d", "a", "f", "swift-6.3.1")
    (package.abiMajor, package.abiMinor, package.needsHostMinor) = (1, 2, 1)
    return package
  }

  @Test func survivesTheRoundTrip() throws {
    #expect(try PackageDescriptor(json: JSONReader.read(Self.full.json.json)) == Self.full)
    let task = Self.full.workflows[0].tasks[1]
    #expect(try TaskDefinition(json: task.json) == task)
    #expect(try RetryPolicy(json: task.retry.json) == task.retry)
    #expect(try TriggerRule(json: #require(task.rule).json) == task.rule)
    #expect(try WorkflowDefinition(json: Self.full.workflows[0].json) == Self.full.workflows[0])
  }

  @Test func anUpgradeIsWrittenOnlyWhereItSaysSomething() throws {
    var workflow = WorkflowDefinition(name: "w", tasks: [TaskDefinition(id: "t")])
    #expect(workflow.json["upgrade"] == nil)
    #expect(try WorkflowDefinition(json: workflow.json).upgrade == .pinned)
    workflow.upgrade = .nextTask
    #expect(workflow.json["upgrade"]?.text == "next-task")
    #expect(try WorkflowDefinition(json: workflow.json) == workflow)
    #expect(workflow.json["input_schema"] == nil && workflow.inputSchemaJSON == .null)
    workflow.inputSchema = #"{"required": ["rows"]}"#
    #expect(workflow.json["input_schema"]?.text == #"{"required": ["rows"]}"#)
    #expect(workflow.inputSchemaJSON.json == #"{"required":["rows"]}"#)
    #expect(try WorkflowDefinition(json: workflow.json) == workflow)
    let text = workflow.json.json.replacingFirst("next-task", with: "next-tsk")
    let error = #expect(throws: DescriptorError.self) { try WorkflowDefinition(json: JSONReader.read(text)) }
    #expect(error?.path == "upgrade" && error?.message.contains("did you mean 'next-task'?") == true)
  }

  @Test func spellsTheTaskOut() {
    let text = Self.full.workflows[0].tasks[0].json.json
    let expected =
      #"{"id":"first","description":"","dependencies":[],"retry":null,"timeout_ms":0,"rule":null,"tags":[],"#
      + #""concurrency_key":"","concurrency_limit":0,"defers":false}"#
    #expect(text == expected)
    let rule = TriggerRule.context(key: "k", comparison: .less, value: .string("x")).json.json
    #expect(rule == #"{"kind":"context","key":"k","comparison":"less","value_json":"\"x\""}"#)
  }

  /// Each row replaces a piece of the descriptor's text and names what must be said.
  @Test(arguments: [
    (#""author":"a""#, #""author":1"#, "author", DescriptorError.Code.wrongType),
    (#""author":"a","#, "", "author", .missingKey),
    (#""author":"a""#, #""author":"a","autor":"b""#, "autor", .unknownKey),
    (#""abi_minor":2"#, #""abi_minor":2.0"#, "abi_minor", .badValue),
    (#""abi_minor":2"#, #""abi_minor":-1"#, "abi_minor", .badValue),
    (#""abi_minor":2"#, #""abi_minor":99999999999999999999"#, "abi_minor", .badValue),
    (#""abi_minor":2"#, #""abi_minor":"2""#, "abi_minor", .wrongType),
    (#""refuse""#, #""refused""#, "workflows[0].on_conflict", .badValue),
    (#""linear""#, #""liner""#, "workflows[0].tasks[1].retry.backoff", .badValue),
    (#""backoff":"linear","#, "", "workflows[0].tasks[1].retry.backoff", .missingKey),
    (#"["error","crash"]"#, #"["error","crsh"]"#, "workflows[0].tasks[1].retry.retry_on[1]", .badValue),
    (#"["error","crash"]"#, #"["error",null]"#, "workflows[0].tasks[1].retry.retry_on[1]", .wrongType),
    (#"["gpu","eu"]"#, #"["gpu",7]"#, "workflows[0].tasks[1].tags[1]", .wrongType),
    (#"["gpu","eu"]"#, #""gpu""#, "workflows[0].tasks[1].tags", .wrongType),
    (#""defers":true"#, #""defers":1"#, "workflows[0].tasks[1].defers", .wrongType),
    (#""rule":null"#, #""rule":{}"#, "workflows[0].tasks[0].rule.kind", .missingKey),
    (#""rule":null"#, #""rule":{"kind":"alway"}"#, "workflows[0].tasks[0].rule.kind", .badValue),
    (#""rule":null"#, #""rule":{"kind":"always","task":"x"}"#, "workflows[0].tasks[0].rule.task", .unknownKey),
    (#""rule":null"#, #""rule":{"kind":"failed"}"#, "workflows[0].tasks[0].rule.task", .missingKey),
    (#"{"kind":"always"}"#, #"{"kind":"all","rules":[3]}"#, "workflows[0].tasks[1].rule.rules[2].rules[0]", .wrongType),
    (#"{\"a\":1e400}"#, #"{\"a\":}"#, "workflows[0].tasks[1].rule.rules[3].value_json", .badJSON),
    (#""tasks":["#, #""tasks":[1,"#, "workflows[0].tasks[0]", .wrongType),
    (#""retry":null"#, #""retry":[]"#, "workflows[0].tasks[0].retry", .wrongType),
  ])
  func namesTheMistake(_ old: String, _ new: String, _ path: String, _ code: DescriptorError.Code) throws {
    let text = Self.full.json.json.replacingFirst(old, with: new)
    try #require(text != Self.full.json.json)
    let error = #expect(throws: DescriptorError.self) { try PackageDescriptor(json: JSONReader.read(text)) }
    #expect(error?.path == path && error?.code == code, "\(String(describing: error))")
  }

  @Test func suggestsKeysAndWords() throws {
    let text = Self.full.json.json.replacingFirst(#""author":"a""#, with: #""author":"a","autor":"b""#)
    let error = #expect(throws: DescriptorError.self) { try PackageDescriptor(json: JSONReader.read(text)) }
    #expect(error?.description == "CLO-D003: autor: no key is called 'autor'; did you mean 'author'?")
    let word = #expect(throws: DescriptorError.self) { try TriggerRule(json: JSONReader.read(#"{"kind":"faild"}"#)) }
    #expect(word?.message.hasSuffix("did you mean 'failed'?") == true)
    let whole = #expect(throws: DescriptorError.self) { try PackageDescriptor(json: .null) }
    #expect(whole?.description == "CLO-D001: an object was expected, not null")
  }
}

extension String {
  fileprivate func replacingFirst(_ old: String, with new: String) -> String {
    guard let range = firstRange(of: old) else { return self }
    return String(self[..<range.lowerBound]) + new + String(self[range.upperBound...])
  }

  private func firstRange(of piece: String) -> Range<String.Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(piece) { return start..<index(start, offsetBy: piece.count) }
      start = index(after: start)
    }
    return nil
  }
}
