import Testing

@testable import WorkflowModel

@Suite struct RollbackRuleTests {
  private typealias Condition = RollbackRule.Condition

  @Test func aRuleIsReadWithEveryPart() throws {
    let rule = try RollbackRule("error_rate > 5% for 60s or p99 > 2s for 30s or p50 > 300ms for 2m min 20 runs")
    let conditions = [
      Condition(.errorRate, above: 50_000, for: 60_000), Condition(.p99, above: 2000, for: 30_000),
      Condition(.p50, above: 300, for: 120_000),
    ]
    #expect(rule == RollbackRule(conditions, minimumRuns: 20))
    #expect(rule.longestWindow == 120_000)
  }

  @Test(
    arguments: [
      ("error_rate > 5% for 60s", "error_rate > 5% for 1m"), ("error_rate>5%for 90s", "error_rate > 5% for 90s"),
      ("  ERROR_RATE\t>  05.50 %  FOR 1.0 s ", "error_rate > 5.5% for 1s"), ("error_rate > 0% for 1s", nil),
      ("error_rate > 0.0001% for 1s", nil), ("error_rate > 99.9999% for 60m", nil),
      ("p99 > 2000ms for 30s", "p99 > 2s for 30s"), ("p99 > 1.5s for 30s", "p99 > 1500ms for 30s"),
      ("p50 > 0.001s for 1m", "p50 > 1ms for 1m"), ("p50 > 1440m for 60s", "p50 > 1440m for 1m"),
      ("p99 > 0.5m for 0.5m", "p99 > 30s for 30s"), ("p99 > 2s for 30s min 10 runs", "p99 > 2s for 30s"),
      ("p99 > 2s for 30s min 1 runs", nil), ("p99 > 2s for 30s MIN 1000000 runs", "p99 > 2s for 30s min 1000000 runs"),
      ("p99 > 2s for 30s or p99 > 1s for 5m or error_rate > 1% for 10s min 3 runs", nil),
    ] as [(String, String?)]) func rulesAreWrittenInOneForm(_ text: String, _ form: String?) throws
  {
    let rule = try RollbackRule(text)
    #expect(rule.description == form ?? text)
    #expect(try RollbackRule(rule.description) == rule)
  }

  @Test(arguments: [
    ("", 1, "the end stands where one of error_rate, p50, p99 is expected"),
    (
      "errorrate > 5% for 60s", 1,
      "'errorrate' stands where one of error_rate, p50, p99 is expected; did you mean 'error_rate'?"
    ),
    ("p95 > 5s for 60s", 1, "'p95' stands where one of error_rate, p50, p99 is expected; did you mean 'p99'?"),
    ("5% > error_rate for 60s", 1, "'5' stands where one of"),
    ("error_rate < 5% for 60s", 12, "'<' stands where '>' is expected; a rule says what is too much"),
    ("error_rate >= 5% for 60s", 13, "'=' is not a percentage from 0% to below 100%"),
    ("error_rate > 5 for 60s", 16, "'for' stands where '%' is expected; error_rate is compared with a percentage"),
    ("error_rate > 100% for 60s", 14, "'100%' is not a percentage from 0% to below 100%"),
    ("error_rate > 1.23456% for 60s", 14, "'1.23456%' is not a percentage"),
    ("error_rate > -5% for 60s", 14, "'-' is not a percentage"),
    ("error_rate > 5.% for 60s", 14, "'5.%' is not a percentage"),
    ("error_rate > 1.2.3% for 60s", 14, "'1.2.3%' is not a percentage"),
    ("error_rate > 99999999999999999999% for 60s", 14, "is not a percentage"),
    ("p99 > 5% for 60s", 8, "'%' stands where a unit is expected; p99 is compared with a time from 1ms to 1440m"),
    ("p99 > 2 for 60s", 9, "'for' stands where a unit is expected"),
    ("p99 > 2h for 60s", 8, "'h' stands where a unit is expected"),
    ("p99 > 0ms for 60s", 7, "'0ms' is not a time from 1ms to 1440m, in ms, s or m"),
    ("p99 > 0.0001s for 60s", 7, "'0.0001s' is not a time from 1ms"),
    ("p99 > 1441m for 60s", 7, "'1441m' is not a time"),
    ("p99 > fast for 60s", 7, "'fast' is not a time from 1ms"),
    ("p99 > 2s", 9, "the end stands where 'for' and a time"),
    ("p99 > 2s over 60s", 10, "'over' stands where 'for' and a time are expected, for example 'for 60s'"),
    ("p99 > 2s for", 13, "the end is not a time from 1s to 60m, in whole seconds"),
    ("p99 > 2s for 60", 16, "the end stands where a unit is expected; 'for' takes a time from 1s to 60m"),
    ("p99 > 2s for 500ms", 14, "'500ms' is not a time from 1s to 60m"),
    ("p99 > 2s for 1.5s", 14, "'1.5s' is not a time from 1s to 60m, in whole seconds"),
    ("p99 > 2s for 61m", 14, "'61m' is not a time from 1s to 60m"),
    ("p99 > 2s for 60s and p50 > 1s for 60s", 18, "'and' stands where 'or', 'min N runs' or the end is expected"),
    ("p99 > 2s for 60s or", 20, "the end stands where one of error_rate, p50, p99 is expected"),
    ("p99 > 2s for 60s min runs", 22, "'runs' is not a whole number from 1 to 1000000"),
    ("p99 > 2s for 60s min 0 runs", 22, "'0' is not a whole number"),
    ("p99 > 2s for 60s min 1.5 runs", 22, "'1.5' is not"),
    ("p99 > 2s for 60s min 20", 24, "the end stands where 'runs' is expected: min 20 runs"),
    ("p99 > 2s for 60s min 20 runs min 3 runs", 30, "'min' stands where"),
    ("p99 > 2s for 60s min 20 runs or p50 > 1s for 1s", 30, "'or' stands where"),
    ("p99 > 2s for 60s ü", 18, "'ü' stands where"),
  ]) func whatIsNoRuleIsRefusedWithThePlace(_ text: String, _ position: Int, _ reason: String) {
    let error = #expect(throws: RollbackRuleError.self) { try RollbackRule(text) }
    #expect(error?.position == position, "\(error?.description ?? "")")
    #expect(error?.reason.contains(reason) == true, "\(error?.description ?? "")")
  }

  @Test func aRuleHasAtMostEightConditions() throws {
    func rule(_ count: Int) -> String {
      [String](repeating: "p99 > 2s for 1s", count: count).joined(separator: " or ")
    }
    #expect(try RollbackRule(rule(8)).conditions.count == 8)
    let error = #expect(throws: RollbackRuleError.self) { try RollbackRule(rule(9)) }
    #expect(error?.description == "at character \(rule(8).count + 2): a rule has at most 8 conditions")
  }

  @Test func everyRuleThatCanBeWrittenIsReadBack() throws {
    var random = SeededRandom(seed: 7)
    for _ in 0..<2000 {
      let conditions = (0..<Int.random(in: 1...4, using: &random)).map { _ in
        let measure = RollbackRule.Measure.allCases.randomElement(using: &random)!
        let limit =
          measure == .errorRate
          ? Int64.random(in: 0..<1_000_000, using: &random) : Int64.random(in: 1...86_400_000, using: &random)
        return Condition(measure, above: limit, for: Int64.random(in: 1...3600, using: &random) * 1000)
      }
      let rule = RollbackRule(conditions, minimumRuns: Int.random(in: 1...1000, using: &random))
      #expect(try RollbackRule(rule.description) == rule, "\(rule)")
    }
  }
}
