import Testing

@testable import WorkflowModel

@Suite struct RuleTests {
  /// Dependencies and how they ended.
  static let endings: [String: TaskStatus] = ["s": .succeeded, "f": .failed, "k": .skipped]
  static let context = #"{"n":5,"big":9007199254740993,"t":"report","list":[1,"two"],"o":{"in":1},"z":null,"b":true}"#

  private static func holds(_ rule: TriggerRule) throws -> Bool {
    let names = ["s", "f", "k"]
    let planned = try PlannedRule(rule) { (name) throws(GraphError) -> Int in names.firstIndex(of: name) ?? 0 }
    let text = try JSONObjectText(Array(context.utf8))
    return planned.holds(status: { endings[names[$0]] ?? .pending }, context: text)
  }

  @Test(arguments: [
    (TriggerRule.always, true), (.all([]), true), (.any([]), false), (.none([]), true),
    (.succeeded("s"), true), (.succeeded("f"), false), (.succeeded("k"), false), (.failed("f"), true),
    (.failed("s"), false), (.failed("k"), false), (.skipped("k"), true), (.skipped("f"), false),
    (.all([.succeeded("s"), .failed("f")]), true), (.all([.succeeded("s"), .failed("k")]), false),
    (.any([.succeeded("f"), .skipped("k")]), true), (.any([.succeeded("f"), .skipped("s")]), false),
    (.none([.succeeded("f"), .failed("s")]), true), (.none([.succeeded("s")]), false),
    (.all([.any([.none([.always]), .succeeded("s")]), .none([.all([.failed("f"), .skipped("s")])])]), true),
    (.none([.any([.all([])])]), false),
  ])
  func nests(_ rule: TriggerRule, _ expected: Bool) throws { #expect(try Self.holds(rule) == expected) }

  @Test(arguments: [
    ("n", TriggerRule.Comparison.equal, "5", true), ("n", .equal, "5.0", true), ("n", .equal, "\"5\"", false),
    ("n", .notEqual, "6", true), ("n", .notEqual, "5e0", false), ("n", .less, "5.5", true), ("n", .less, "5", false),
    ("n", .greater, "-1", true), ("n", .greater, "\"a\"", false), ("big", .equal, "9007199254740993", true),
    ("big", .equal, "9007199254740992", false), ("big", .greater, "9007199254740992", true),
    ("t", .equal, "\"report\"", true), ("t", .less, "\"s\"", true), ("t", .greater, "\"repor\"", true),
    ("t", .contains, "\"port\"", true), ("t", .contains, "\"\"", true), ("t", .contains, "\"reports\"", false),
    ("t", .contains, "5", false), ("list", .contains, "\"two\"", true), ("list", .contains, "1.0", true),
    ("list", .contains, "3", false), ("list", .equal, "[1,\"two\"]", true), ("list", .equal, "[\"two\",1]", false),
    ("o", .contains, "\"in\"", true), ("o", .contains, "\"out\"", false), ("o", .equal, "{\"in\":1.0}", true),
    ("o", .equal, "{\"in\":1,\"x\":2}", false), ("b", .equal, "true", true), ("b", .less, "true", false),
    ("z", .exists, "null", true), ("z", .equal, "null", true), ("n", .exists, "null", true),
    ("none", .exists, "null", false), ("none", .equal, "null", false), ("none", .notEqual, "1", true),
    ("none", .less, "1", false), ("none", .greater, "1", false), ("none", .contains, "1", false),
  ])
  func compares(_ key: String, _ comparison: TriggerRule.Comparison, _ value: String, _ expected: Bool) throws {
    #expect(try Self.holds(.context(key: key, comparison: comparison, value: JSONReader.read(value))) == expected)
  }
}
