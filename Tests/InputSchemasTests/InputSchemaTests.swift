import InputSchemas
import Testing
import WorkflowModel

private func misfit(_ schema: String, _ input: String) throws -> InputMisfit? {
  try InputSchema(schema).misfit(of: Array(input.utf8))
}

private func refusal(_ schema: String) throws -> InputSchemaError {
  try #require(throws: InputSchemaError.self) { try InputSchema(schema) }
}

private func list(_ count: Int, _ item: (Int) -> String) -> String {
  (0..<count).map(item).joined(separator: ",")
}

@Suite struct InputSchemaTests {
  @Test(
    arguments: [
      (#"{}"#, [#"{}"#, #"{"a":[1,null]}"#], []),
      (#"true"#, [#"{}"#], []),
      (#"false"#, [], [#"{}"#]),
      (#"{"type":"object","required":["rows"]}"#, [#"{"rows":null}"#], [#"{}"#]),
      (
        #"{"properties":{"rows":{"type":"integer","minimum":1}}}"#, [#"{"rows":1}"#, #"{"rows":2.0}"#, #"{}"#],
        [#"{"rows":0}"#, #"{"rows":"1"}"#, #"{"rows":1.5}"#]
      ),
      (#"{"properties":{"a":{"type":["string","null"]}}}"#, [#"{"a":"x"}"#, #"{"a":null}"#], [#"{"a":1}"#]),
      (#"{"properties":{"a":{}},"additionalProperties":false}"#, [#"{"a":1}"#], [#"{"b":1}"#]),
      (#"{"additionalProperties":{"type":"number"}}"#, [#"{"a":1.5}"#], [#"{"a":"b"}"#]),
      (#"{"properties":{"a":{"enum":["x",1,null]}}}"#, [#"{"a":1}"#, #"{"a":1.0}"#], [#"{"a":2}"#]),
      (#"{"properties":{"a":{"const":{"b":[1]}}}}"#, [#"{"a":{"b":[1]}}"#], [#"{"a":{"b":[2]}}"#]),
      (#"{"properties":{"a":{"pattern":"^a+$"}}}"#, [#"{"a":"aaa"}"#, #"{"a":5}"#], [#"{"a":"ab"}"#]),
      (
        #"{"properties":{"a":{"minLength":2,"maxLength":3}}}"#, [#"{"a":"éé"}"#, #"{"a":"\u0000é"}"#],
        [#"{"a":"x"}"#, #"{"a":"xxxx"}"#, #"{"a":"\u0000xxxx"}"#]
      ),
      (#"{"properties":{"a":{"type":"integer"}}}"#, [#"{"a":1e16}"#, #"{"a":-1e18}"#], [#"{"a":1e300}"#]),
      (
        #"{"properties":{"a":{"uniqueItems":true}}}"#,
        [#"{"a":[1,"1",[1],{"b":1},{"b":2},null,true,[]]}"#, #"{"a":[]}"#],
        [#"{"a":[{"b":1,"c":[2]},{"c":[2],"b":1}]}"#, #"{"a":[1,1.0]}"#, #"{"a":[null,null]}"#, #"{"a":["x",2,"x"]}"#]
      ),
      (#"{"properties":{"a":{"items":false}}}"#, [#"{"a":[]}"#], [#"{"a":[1]}"#]),
      (
        #"{"properties":{"a":{"items":{"type":"integer"},"minItems":1,"uniqueItems":true}}}"#, [#"{"a":[1,2]}"#],
        [#"{"a":[]}"#, #"{"a":[1,1]}"#, #"{"a":[1,"2"]}"#]
      ),
      (
        #"{"properties":{"a":{"items":[{"type":"string"}],"additionalItems":false}}}"#, [#"{"a":["x"]}"#],
        [#"{"a":["x",1]}"#, #"{"a":[1]}"#]
      ),
      (#"{"properties":{"a":{"contains":{"const":3}}}}"#, [#"{"a":[1,3]}"#], [#"{"a":[1]}"#]),
      (#"{"properties":{"a":{"multipleOf":0.1}}}"#, [#"{"a":0.3}"#, #"{"a":7}"#], [#"{"a":0.35}"#]),
      (#"{"properties":{"a":{"multipleOf":2}}}"#, [#"{"a":-4}"#, #"{"a":"x"}"#], [#"{"a":3}"#, #"{"a":2.5}"#]),
      (
        #"{"properties":{"a":{"exclusiveMinimum":0,"exclusiveMaximum":1}}}"#, [#"{"a":0.5}"#],
        [#"{"a":0}"#, #"{"a":1}"#]
      ),
      (#"{"anyOf":[{"required":["a"]},{"required":["b"]}]}"#, [#"{"b":1}"#], [#"{"c":1}"#]),
      (#"{"oneOf":[{"required":["a"]},{"required":["b"]}]}"#, [#"{"b":1}"#], [#"{"a":1,"b":1}"#, #"{}"#]),
      (#"{"not":{"required":["a"]}}"#, [#"{}"#], [#"{"a":1}"#]),
      (
        #"{"if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}}"#,
        [#"{"a":1,"b":1}"#, #"{"c":1}"#], [#"{"a":1}"#, #"{}"#]
      ),
      (#"{"dependencies":{"a":["b"],"c":{"required":["d"]}}}"#, [#"{"a":1,"b":1}"#], [#"{"a":1}"#, #"{"c":1}"#]),
      (#"{"propertyNames":{"maxLength":1}}"#, [#"{"a":1}"#], [#"{"ab":1}"#]),
      (#"{"minProperties":1,"maxProperties":2}"#, [#"{"a":1}"#], [#"{}"#, #"{"a":1,"b":2,"c":3}"#]),
      (
        ##"{"$ref":"#/definitions/tree","definitions":{"tree":{"type":"object","properties":{"down":{"$ref":"#"}}}}}"##,
        [#"{"down":{"down":{}}}"#], [#"{"down":{"down":1}}"#]
      ),
      (
        ##"{"properties":{"a":{"$ref":"#/definitions/n"}},"definitions":{"n":{"if":{"type":"string"},"then":false}}}"##,
        [#"{"a":1}"#], [#"{"a":"x"}"#]
      ),
      (
        #"{"$schema":"http://json-schema.org/draft-07/schema#","title":"t","x-mine":1,"properties":{"a":{"format":"date"}}}"#,
        [#"{"a":"no date"}"#, #"{"a":1}"#], []
      ),
    ] as [(String, [String], [String])])
  func whatASchemaTakesAndRefuses(schema: String, takes: [String], refuses: [String]) throws {
    for input in takes { #expect(try misfit(schema, input) == nil, "\(input)") }
    for input in refuses { #expect(try misfit(schema, input) != nil, "\(input)") }
  }

  @Test func aFaultIsToldWithItsPlaceInTheInput() throws {
    let schema = #"{"properties":{"a/b":{"items":{"properties":{"n":{"type":"integer"}},"required":["n"]}}}}"#
    let wrong = try #require(try misfit(schema, #"{"a/b":[{"n":1},{"n":"x"}]}"#))
    #expect(wrong.pointer == "/a~1b/1/n" && wrong.message.contains("type"), "\(wrong)")
    let missing = try #require(try misfit(schema, #"{"a/b":[{}]}"#))
    #expect(missing.pointer == "/a~1b/0" && missing.message.contains("'n'"), "\(missing)")
    let pattern = try #require(try misfit(#"{"properties":{"a":{"pattern":"^x"}}}"#, #"{"a":"y"}"#))
    #expect(pattern.sentence == "the input does not fit the workflow's schema: at /a: does not match the pattern")
  }

  @Test func numbersThatNoIntegerHoldsAreNumbers() throws {
    let schema = #"{"properties":{"n":{"type":"number","minimum":0}}}"#
    for number in ["18446744073709551615", "123456789012345678901234567890", "1e300", "9223372036854775807"] {
      #expect(try misfit(schema, #"{"n":\#(number)}"#) == nil, "\(number)")
    }
    #expect(try misfit(schema, #"{"n":-9223372036854775808}"#)?.pointer == "/n")
    #expect(try misfit(#"{"properties":{"n":{"multipleOf":3}}}"#, #"{"n":-9223372036854775808}"#) != nil)
  }

  // MARK: What is no schema

  @Test(
    arguments: [
      ("", "", "JSON"), ("[]", "", "an object, true or false"), (#"{"type":"object","type":"object"}"#, "", "JSON"),
      (#"{"type":"text"}"#, "/type", "integer"), (#"{"requred":["a"]}"#, "/requred", "not supported"),
      (#"{"required":"a"}"#, "/required", "list of names"), (#"{"required":["a","a"]}"#, "/required", "once"),
      (#"{"properties":{"a":{"minLength":-1}}}"#, "/properties/a/minLength", "whole number"),
      (#"{"multipleOf":0}"#, "/multipleOf", "above 0"), (#"{"enum":[]}"#, "/enum", "something in it"),
      (#"{"pattern":"(?=x)"}"#, "/pattern", "pattern"), (#"{"allOf":[]}"#, "/allOf", "at least one"),
      (#"{"patternProperties":{}}"#, "/patternProperties", "not supported"),
      (#"{"$schema":"https://json-schema.org/draft/2020-12/schema"}"#, "/$schema", "draft 7"),
      (#"{"properties":{"a":{"definitions":{}}}}"#, "/properties/a/definitions", "top"),
      (##"{"$ref":"#/definitions/none"}"##, "/$ref", "there is no"),
      (##"{"$ref":"#/definitions/a","type":"object","definitions":{"a":{}}}"##, "/type", "beside $ref"),
    ])
  func whatIsNoSchemaIsRefusedWithItsPlace(schema: String, pointer: String, words: String) throws {
    let error = try refusal(schema)
    #expect(error.pointer == pointer && error.message.contains(words), "\(error)")
  }

  @Test(
    arguments: [
      "http://example.org/schema.json", "https://127.0.0.1:1/s#/definitions/a", "file:///etc/passwd", "other.json",
      "urn:example:a", "#/properties/a", "#a", "",
    ])
  func nothingIsFetched(target: String) throws {
    let error = try refusal(#"{"properties":{"a":{"$ref":"\#(target)"}}}"#)
    #expect(error.pointer == "/properties/a/$ref" && error.message.contains("$ref"), "\(error)")
  }

  @Test(
    arguments: [
      ##"{"$ref":"#"}"##, ##"{"allOf":[{"$ref":"#"}]}"##,
      ##"{"$ref":"#/definitions/a","definitions":{"a":{"$ref":"#/definitions/b"},"b":{"$ref":"#/definitions/a"}}}"##,
      ##"{"properties":{"x":{"$ref":"#/definitions/a"}},"definitions":{"a":{"not":{"$ref":"#/definitions/a"}}}}"##,
    ])
  func aReferenceToItselfIsRefused(schema: String) throws {
    #expect(try refusal(schema).message.contains("leads back to itself"))
  }

  // MARK: What is meant to do harm

  @Test func aSchemaThatIsNestedOrGrownWithoutEndIsRefused() throws {
    let deep = String(repeating: #"{"not":"#, count: 100) + "{}" + String(repeating: "}", count: 100)
    #expect(try refusal(deep).message.contains("deep"))
    #expect(try refusal(String(repeating: "[", count: 60_000)).message.contains("JSON"))
    #expect(try refusal(#"{"allOf":[\#(list(2000) { _ in "{}" })]}"#).message.contains("more than 1000"))
    // Each refers to the next for another value: as deep as a schema of the allowed size can lead the compiler.
    let chain = list(900) { ##""d\##($0)":{"properties":{"x":{"$ref":"#/definitions/d\##($0 + 1)"}}}"## }
    let schema = ##"{"$ref":"#/definitions/d0","definitions":{\##(chain),"d900":{"type":"integer"}}}"##
    #expect(throws: InputSchemaError.self) { try InputSchema(schema) }
    let shorter = list(400) { ##""d\##($0)":{"properties":{"x":{"$ref":"#/definitions/d\##($0 + 1)"}}}"## }
    let fits = ##"{"$ref":"#/definitions/d0","definitions":{\##(shorter),"d400":{"type":"integer"}}}"##
    #expect(try misfit(fits, "{}") == nil)
  }

  @Test func aCheckThatWouldTakeForEverIsGivenUp() throws {
    // Each level asks twice for the next.
    let schema = ##"{"properties":{"x":{"allOf":[{"$ref":"#"},{"$ref":"#"}]}}}"##
    let input = String(repeating: #"{"x":"#, count: 100) + "{}" + String(repeating: "}", count: 100)
    #expect(try misfit(schema, input)?.message.contains("more") == true)
    let steps = list(480) { ##""d\##($0)":{"allOf":[{"$ref":"#/definitions/d\##($0 + 1)"}]}"## }
    let long = ##"{"$ref":"#/definitions/d0","definitions":{\##(steps),"d480":{}}}"##
    #expect(try misfit(long, "{}")?.message.contains("nested") == true)
  }

  @Test func hostileInputsAreRefusedAndNotFollowed() throws {
    let open = try InputSchema("{}")
    #expect(open.misfit(of: Array(String(repeating: #"{"a":"#, count: 200_000).utf8)) != nil)
    let deep = String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000)
    #expect(open.misfit(of: Array(#"{"a":\#(deep)}"#.utf8))?.message.contains("deep") == true)
    #expect(open.misfit(of: []) != nil && open.misfit(of: [0xFF, 0xFE]) != nil)
    #expect(open.misfit(of: Array(#"{"n":1e400}"#.utf8))?.message.contains("range") == true)
    let pattern = try InputSchema(#"{"properties":{"a":{"pattern":"^(a+)+$"}}}"#)
    let text = String(repeating: "a", count: 1_000_000)
    #expect(pattern.misfit(of: Array(#"{"a":"\#(text)"}"#.utf8)) == nil)
    #expect(pattern.misfit(of: Array(#"{"a":"\#(text)!"}"#.utf8))?.pointer == "/a")
    let unique = try InputSchema(#"{"properties":{"a":{"uniqueItems":true}}}"#)
    #expect(unique.misfit(of: Array(#"{"a":[\#(list(100_000) { "\($0)" })]}"#.utf8)) != nil)
    let alike = try InputSchema(#"{"additionalProperties":{"items":{"uniqueItems":true}}}"#)
    let zeros = "[\(list(1000) { _ in "0" })]"
    let name = String(repeating: "n", count: 100_000)
    #expect(alike.misfit(of: Array(#"{"\#(name)":[\#(list(500) { _ in zeros })]}"#.utf8)) != nil)
    let numbers = try InputSchema(#"{"properties":{"a":{"items":{"type":"string"}}}}"#)
    #expect(numbers.misfit(of: Array(#"{"a":[\#(list(200_000) { "\($0)" })]}"#.utf8))?.pointer == "/a/0")
  }

  @Test func oneSchemaIsUsedByManyAtOnce() async throws {
    let schema = try InputSchema(#"{"properties":{"n":{"type":"integer","maximum":49}}}"#)
    let refused = await withTaskGroup(of: Bool.self) { group in
      for number in 0..<100 { group.addTask { schema.misfit(of: Array(#"{"n":\#(number)}"#.utf8)) != nil } }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(refused == 50)
  }
}
