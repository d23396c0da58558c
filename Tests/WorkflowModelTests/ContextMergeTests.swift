import Testing

@testable import WorkflowModel

@Suite struct ContextMergeTests {
  static func merge(_ target: String, _ patches: String...) throws -> String {
    let merged = ContextMerge.merge(
      try JSONObjectText(Array(target.utf8)), try patches.map { try JSONObjectText(Array($0.utf8)) })
    // The table of members that comes with the text is the one a fresh scan finds.
    #expect(try JSONObjectText(merged.bytes).names == merged.names)
    for name in merged.names { #expect(try JSONObjectText(merged.bytes).value(of: name) == merged.value(of: name)) }
    return String(decoding: merged.bytes, as: UTF8.self)
  }

  /// The cases of RFC 7396 that concern objects, and what the text must look like.
  @Test(arguments: [
    (#"{"k":"v"}"#, #"{"k":"w"}"#, #"{"k":"w"}"#),
    (#"{"k":"v"}"#, #"{"l":"w"}"#, #"{"k":"v","l":"w"}"#),
    (#"{"k":"v"}"#, #"{"k":null}"#, "{}"),
    (#"{"k":"v","l":"w"}"#, #"{"k":null}"#, #"{"l":"w"}"#),
    (#"{"k":["v"]}"#, #"{"k":"w"}"#, #"{"k":"w"}"#),
    (#"{"k":"w"}"#, #"{"k":["v"]}"#, #"{"k":["v"]}"#),
    (#"{"k":{"l":"m"}}"#, #"{"k":{"l":"n","gone":null}}"#, #"{"k":{"l":"n"}}"#),
    (#"{"k":[{"l":"m"}]}"#, #"{"k":[1]}"#, #"{"k":[1]}"#),
    (#"{"e":null}"#, #"{"k":1}"#, #"{"e":null,"k":1}"#),
    ("{}", #"{"k":{"ll":{"mmm":null}}}"#, #"{"k":{"ll":{}}}"#),
    (#"{"k":7}"#, #"{"k":{"l":1,"m":null}}"#, #"{"k":{"l":1}}"#),
    (#"{"k":{"l":1}}"#, #"{"k":7}"#, #"{"k":7}"#),
    ("{}", #"{"gone":null}"#, "{}"),
    ("{}", #"{"k":[null,{"a":null}]}"#, #"{"k":[null,{"a":null}]}"#),
    (
      #"{"a":{"b":{"c":1,"d":2},"e":3}}"#, #"{"a":{"b":{"c":null,"f":{"g":null}}}}"#,
      #"{"a":{"b":{"d":2,"f":{}},"e":3}}"#
    ),
    (#"{"a":{"keep":null}}"#, #"{"a":{"b":1}}"#, #"{"a":{"keep":null,"b":1}}"#),
    (#" { "a" : 1.50 , "b" : [ 1 , 2 ] } "#, #"{"c" : 1e400 }"#, #"{"a":1.50,"b":[ 1 , 2 ],"c":1e400}"#),
    (#" { "a" : 1 } "#, "{}", #" { "a" : 1 } "#),
    (#"{"\u0061":1}"#, #"{"a":2}"#, #"{"\u0061":2}"#),
    (#"{"a":1}"#, #"{"\u0061":null,"b":"\u00e9"}"#, #"{"b":"\u00e9"}"#),
    (#"{"a\"b":1}"#, #"{"a\u0022b":{"c":1}}"#, #"{"a\"b":{"c":1}}"#),
    (#"{"":1}"#, #"{"":2," ":3}"#, #"{"":2," ":3}"#),
  ])
  func follows7396(_ target: String, _ patch: String, _ result: String) throws {
    #expect(try Self.merge(target, patch) == result)
  }

  @Test func appliesPatchesInOrder() throws {
    #expect(
      try Self.merge(#"{"a":1,"b":2}"#, #"{"a":null,"c":3}"#, #"{"a":4,"b":null}"#, #"{"b":5}"#)
        == #"{"c":3,"a":4,"b":5}"#)
    #expect(try Self.merge("{}", #"{"a":{"x":1}}"#, #"{"a":{"y":2}}"#, #"{"a":{"x":null}}"#) == #"{"a":{"y":2}}"#)
  }

  @Test func looksManyNamesUpInATable() throws {
    let target = "{" + (0..<300).map { "\"k\($0)\":\($0)" }.joined(separator: ",") + "}"
    let patch =
      "{" + (150..<450).map { $0 % 2 == 0 ? "\"k\($0)\":null" : "\"\\u006b\($0)\":-1" }.joined(separator: ",") + "}"
    let merged = try JSONReader.read(try Self.merge(target, patch))
    #expect(merged == Naive.merge(try JSONReader.read(target), try JSONReader.read(patch)))
  }

  @Test func agreesWithTheAlgorithmOfTheRFC() throws {
    for seed in UInt64(1)...400 {
      var random = SeededRandom(seed: seed)
      let target = Naive.object(&random, depth: 3)
      let patches = (0..<Int.random(in: 1...4, using: &random)).map { _ in Naive.object(&random, depth: 3) }
      let expected = patches.reduce(target, Naive.merge)
      let merged = ContextMerge.merge(
        try JSONObjectText(target.bytes), try patches.map { try JSONObjectText($0.bytes) })
      #expect(try JSONReader.read(merged.bytes) == expected, "seed \(seed)")
      let steps = try patches.reduce(try JSONObjectText(target.bytes)) {
        ContextMerge.merge($0, try JSONObjectText($1.bytes))
      }
      #expect(try JSONReader.read(steps.bytes) == expected, "seed \(seed), one by one")
    }
  }
}

/// The merge as RFC 7396 writes it down, over values, keeping the order of members.
enum Naive {
  static func merge(_ target: JSONValue, _ patch: JSONValue) -> JSONValue {
    guard case .object(let changes) = patch else { return patch }
    var members = target.members ?? []
    for change in changes {
      let index = members.firstIndex { $0.isCalled(change.name) }
      if change.value == .null {
        if let index { members.remove(at: index) }
      } else if let index {
        members[index].value = merge(members[index].value, change.value)
      } else {
        members.append(JSONMember(change.name, merge(.null, change.value)))
      }
    }
    return .object(members)
  }

  static func object(_ random: inout SeededRandom, depth: Int) -> JSONValue {
    let names = ["a", "b", "c", "d\"", "é", ""].shuffled(using: &random).prefix(Int.random(in: 0...4, using: &random))
    return .object(names.map { JSONMember($0, value(&random, depth: depth - 1)) })
  }

  private static func value(_ random: inout SeededRandom, depth: Int) -> JSONValue {
    switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &random) {
    case 0: .null
    case 1: .number("1.0")
    case 2: .string("x\ny")
    case 3: .array([.null, .object([JSONMember("a", .null)])])
    case 4: .bool(true)
    default: object(&random, depth: depth)
    }
  }
}
