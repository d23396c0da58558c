import Testing

@testable import WorkflowModel

@Suite struct RunQueryTests {
  private static let now: Timestamp = 1_800_000_000_000

  private func parse(_ text: String) throws -> RunQuery { try RunQuery(parsing: text, now: Self.now) }

  private func mistake(_ text: String) -> RunQueryError? {
    do throws(RunQueryError) { _ = try RunQuery(parsing: text, now: Self.now) } catch { return error }
    return nil
  }

  private static func text(_ text: RunQuery.RunText, _ values: String...) -> RunQuery {
    .text(text, .isOneOf(values))
  }

  private static let conditions: [(String, RunQuery)] = [
    ("workflow = etl", text(.workflow, "etl")), ("workflow = etl.nightly", text(.type, "etl.nightly")),
    ("workflow in (a, b.c)", .any([text(.type, "b.c"), text(.workflow, "a")])),
    ("workflow ~ night", .text(.type, .contains("night"))),
    ("package = etl", text(.package, "etl")), ("package != etl", .not(text(.package, "etl"))),
    ("type ~ 'etl.'", .text(.type, .contains("etl."))),
    ("status = failed", text(.status, "failed")),
    ("status in (failed,cancelled)", text(.status, "failed", "cancelled")),
    ("status != leased", .not(text(.status, "leased"))),
    ("version = 1.4.0", text(.version, "1.4.0")), ("version = active", .hasActiveVersion),
    ("version != active", .not(.hasActiveVersion)), ("version = \"active\"", text(.version, "active")),
    ("version in (active, 1.0.0)", .any([.hasActiveVersion, text(.version, "1.0.0")])),
    ("error ~ \"timed out\"", .text(.error, .contains("timed out"))),
    ("error = 'say \\'no\\''", text(.error, "say 'no'")),
    ("error.class in (timeout, crash)", text(.errorClass, "timeout", "crash")),
    ("label.customer = acme", text(.label("customer"), "acme")),
    ("label.Team/x.y ~ a", .text(.label("Team/x.y"), .contains("a"))),
    ("created > -2h", .time(.created, .more, now - 7_200_000)),
    ("started<=-1d12h", .time(.started, .lessOrEqual, now - 129_600_000)),
    ("ended >= +30s", .time(.ended, .moreOrEqual, now + 30_000)),
    ("created < 2026-03-01T10:00:00+02:00", .time(.created, .less, 1_772_352_000_000)),
    ("created < '2026-03-01 08:00:00'", .time(.created, .less, 1_772_352_000_000)),
    ("created < 2026-03-01", .time(.created, .less, 1_772_323_200_000)),
    ("priority < 10", .priority(.less, 10)), ("priority = -3", .priority(.equal, -3)),
    ("priority != 3", .not(.priority(.equal, 3))),
    ("priority in (1,2)", .any([.priority(.equal, 1), .priority(.equal, 2)])),
    ("id = 0197e0c2-7d1a-7c55-9d0e-2f6d5b1c9a41", text(.id, "0197e0c2-7d1a-7c55-9d0e-2f6d5b1c9a41")),
    ("STATUS = failed AND NOT Package = x", .all([text(.status, "failed"), .not(text(.package, "x"))])),
  ]

  @Test(arguments: conditions) func aConditionIsRead(_ written: String, _ query: RunQuery) throws {
    #expect(try parse(written) == query)
  }

  @Test func andBindsStrongerThanOrAndNotStrongest() throws {
    let (a, b, c) = (Self.text(.package, "a"), Self.text(.package, "b"), Self.text(.package, "c"))
    #expect(try parse("package=a or package=b and package=c") == .any([a, .all([b, c])]))
    #expect(try parse("(package=a or package=b) and package=c") == .all([.any([a, b]), c]))
    #expect(try parse("not package=a and package=b") == .all([.not(a), b]))
    #expect(try parse("not (package=a and not package=b)") == .not(.all([a, .not(b)])))
    #expect(try parse("package=a or package=b or package=c") == .any([a, b, c]))
    #expect(try parse("((package=a))") == a)
  }

  @Test func wordsOfTheLanguageAreValuesWhereAValueStands() throws {
    #expect(
      try parse("package = and and package = or") == .all([Self.text(.package, "and"), Self.text(.package, "or")]))
  }

  private static let mistakes: [(String, Int, String)] = [
    ("", 1, "field is expected: workflow,"), ("statsu = failed", 1, "did you mean 'status'?"),
    ("status = faild", 10, "did you mean 'failed'? Use one of pending, leased"),
    ("status ~ fail", 8, "use one of = != in"), ("created = -2h", 9, "use one of < <= > >="),
    ("error.class = boom", 15, "Use one of error, permanent"), ("created > yesterday", 11, "is no time; write -30m"),
    ("created > -2y", 11, "is no time"), ("created > -", 11, "is no time"), ("created > -5", 11, "is no time"),
    ("created > -999999999999d", 11, "is no time"), ("created > -99999999999999999999d", 11, "is no time"),
    ("priority = high", 12, "is no whole number"), ("tenant = red", 1, "use --tenant"),
    ("package = a package = b", 13, "'and', 'or' or the end is expected"),
    ("package = a and", 16, "the end stands where a field is expected"),
    ("(package = a", 13, "')' for column 1"), ("package = a)", 12, "'and', 'or' or the end is expected"),
    ("package in a", 12, "a list begins with '('"), ("package in ()", 13, "value is expected"),
    ("package in (a b)", 15, "',' or the ')' of the list is expected"), ("package = ", 11, "value is expected"),
    ("error ~ \"no end", 9, "no closing \""), ("package ! a", 9, "write !="), ("label. = x", 1, "label.NAME"),
    ("'status' = failed", 1, "field is expected"), ("not", 4, "field is expected"),
  ]

  @Test(arguments: mistakes) func aMistakeIsPointedAt(_ written: String, _ column: Int, _ says: String) throws {
    let error = try #require(mistake(written), "\(written) was read")
    #expect(error.column == column, "\(error)")
    #expect(error.message.contains(says), "\(error)")
  }

  @Test func theMarkStandsBelowThePlace() throws {
    let error = try #require(mistake("status = faild"))
    let lines = error.pointing(into: "status = faild").split(separator: "\n")
    #expect(lines.dropFirst() == ["status = faild", "         ^"])
  }

  @Test func depthAndLengthAreBounded() throws {
    let depth = RunQueryParser.depthLimit
    let deep = { (count: Int) in
      String(repeating: "(", count: count) + "priority = 1" + String(repeating: ")", count: count)
    }
    #expect(try parse(deep(depth)) == .priority(.equal, 1))
    #expect(mistake(deep(depth + 1))?.column == depth + 1)
    #expect(mistake(String(repeating: "not ", count: depth + 1) + "priority = 1") != nil)
    let long = "error = '" + String(repeating: "x", count: RunQueryParser.letterLimit) + "'"
    #expect(mistake(long)?.column == RunQueryParser.letterLimit + 1)
  }

  @Test func noTextMakesTheReaderFail() {
    var random = SeededRandom(seed: 11)
    let pieces = [
      "status", "=", "!=", "<", "(", ")", "and", "or", "not", "in", ",", "'a'", "\"", "failed", "-2h", "label.x", " ",
      "~", "active", "version", "\\", "ü", "\u{0}", "priority", "3",
    ]
    var read = 0
    for _ in 0..<20_000 {
      let count = Int.random(in: 0..<9, using: &random)
      let text = (0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }.joined(separator: " ")
      if let error = mistake(text) {
        #expect(error.column >= 1 && error.column <= text.count + 1, "\(text): \(error)")
      } else {
        read += 1
      }
    }
    #expect(read > 20, "some are queries")
  }
}
