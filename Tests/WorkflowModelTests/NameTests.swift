import Testing

@testable import WorkflowModel

@Suite struct NameTests {
  @Test(arguments: ["a", "_", "A1", "simple_demo", "x-y-1", "_-", String(repeating: "a", count: 64)])
  func acceptsIdentifiers(_ text: String) { #expect(Identifier.isValid(text)) }

  @Test(arguments: [
    "", "1a", "-a", "a b", "a.b", "é", "aé", "a:", "a\u{0}", "K\u{212A}", String(repeating: "a", count: 65),
  ])
  func refusesIdentifiers(_ text: String) { #expect(!Identifier.isValid(text)) }

  @Test func readsNamespaces() throws {
    let name = try Namespace(parsing: "acme::simple_demo::data-processing::collect_data")
    #expect(
      [name.tenant, name.package, name.workflow, name.task] == [
        "acme", "simple_demo", "data-processing", "collect_data",
      ])
    #expect(name.description == "acme::simple_demo::data-processing::collect_data")
    #expect(
      try Namespace(tenant: "acme", package: "simple_demo", workflow: "data-processing", task: "collect_data") == name)
  }

  @Test(arguments: [
    ("", "tenant", 0, NameError.Code.empty), ("a", "package", 1, .wrongShape), ("a::b::c", "task", 7, .wrongShape),
    ("a::b::c::d::e", "task", 10, .wrongShape), ("a::::c::d", "package", 3, .empty), ("a::b::c::", "task", 9, .empty),
    ("::b::c::d", "tenant", 0, .empty), ("a:b::c::d::e", "tenant", 1, .badCharacter),
    ("a:::b::c::d", "package", 3, .badCharacter), ("a::b::c d::e", "workflow", 7, .badCharacter),
    ("a::b::c::dé", "task", 10, .badCharacter), (" a::b::c::d", "tenant", 0, .badCharacter),
    ("a::b::c::d ", "task", 10, .badCharacter), ("a::2b::c::d", "package", 3, .badCharacter),
    ("a::b::\(String(repeating: "w", count: 65))::d", "workflow", 70, .tooLong),
  ])
  func refusesNamespaces(_ text: String, _ part: String, _ offset: Int, _ code: NameError.Code) {
    let error = #expect(throws: NameError.self) { try Namespace(parsing: text) }
    #expect(error?.part == part && error?.offset == offset && error?.code == code, "\(String(describing: error))")
  }

  @Test func refusesPartsThatHideSeparators() {
    #expect(throws: NameError.self) { try Namespace(tenant: "a::b", package: "c", workflow: "d", task: "e") }
    #expect(throws: NameError.self) { try Namespace(tenant: "a::b::c::d", package: "", workflow: "", task: "") }
  }

  @Test func readsReferences() throws {
    #expect(try PackageReference(parsing: "demo").version == nil)
    let exact = try PackageReference(parsing: "demo@1.2.3-rc.1+x")
    #expect(
      exact.name == "demo" && exact.version?.description == "1.2.3-rc.1+x" && exact.description == "demo@1.2.3-rc.1+x")
    #expect(throws: NameError.self) { try PackageReference(parsing: "@1.0.0") }
    let error = #expect(throws: NameError.self) { try PackageReference(parsing: "demo@1.x.0") }
    #expect(error?.part == "version" && error?.offset == 7)
    #expect(try WorkflowReference(parsing: "demo.flow") == WorkflowReference(parsing: "demo.flow"))
    #expect(try WorkflowReference(parsing: "demo.flow").package == "demo")
    #expect(try WorkflowReference(parsing: "flow").package == nil)
    #expect(try WorkflowReference(parsing: "demo.flow").description == "demo.flow")
    for text in ["", ".", "a.", ".b", "a.b.c", "a b"] {
      #expect(throws: NameError.self, "\(text)") { try WorkflowReference(parsing: text) }
    }
  }

  @Test(arguments: [
    ("collect_dat", "collect_data"), ("colect_data", "collect_data"), ("procss", "process"), ("porcess", "process"),
    ("a", "b"),
  ])
  func suggests(_ word: String, _ meant: String) {
    #expect(Suggestion.nearest(to: word, in: ["report", "collect_data", "process", "b"]) == meant)
  }

  @Test func suggestsNothingFarAway() {
    #expect(Suggestion.nearest(to: "zzzzzz", in: ["collect_data", "report"]) == nil)
    #expect(Suggestion.nearest(to: "x", in: []) == nil)
    #expect(Suggestion.hint(for: "reprot", in: ["report"]) == "; did you mean 'report'?")
  }

  @Test(arguments: [
    ("", "", 0), ("", "abc", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("kitten", "sitting", 3), ("ab", "ba", 1),
  ])
  func measures(_ one: String, _ two: String, _ distance: Int) {
    #expect(Suggestion.distance(Array(one.utf8), Array(two.utf8)) == distance)
    #expect(Suggestion.distance(Array(two.utf8), Array(one.utf8)) == distance)
  }
}

@Suite struct SemanticVersionTests {
  /// From low to high precedence.
  static let ladder = [
    "0.0.0", "0.0.1", "0.1.0", "0.9.12", "1.0.0-0", "1.0.0-1", "1.0.0-2", "1.0.0-10", "1.0.0-99999999999999999999",
    "1.0.0-A", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.1.0", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
    "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1-a", "1.0.1", "1.2.0", "1.10.0", "2.0.0", "10.0.0",
    "18446744073709551615.0.0",
  ]

  @Test func ordersVersions() throws {
    let versions = try Self.ladder.map { try SemanticVersion(parsing: $0) }
    for (low, one) in versions.enumerated() {
      #expect(one.description == Self.ladder[low])
      for (high, two) in versions.enumerated() {
        #expect((one < two) == (low < high), "\(one) \(two)")
        #expect(one.comparePrecedence(to: two).signum() == (low - high).signum(), "\(one) \(two)")
      }
    }
  }

  @Test func ignoresBuildsInPrecedence() throws {
    let one = try SemanticVersion(parsing: "1.0.0+001.sha-5114f85")
    let two = try SemanticVersion(parsing: "1.0.0+21")
    #expect(one.build == ["001", "sha-5114f85"])
    #expect(one.comparePrecedence(to: two) == 0 && one != two && one < two && !(two < one))
    #expect(try SemanticVersion(parsing: "1.0.0-a--.-1+-").description == "1.0.0-a--.-1+-")
  }

  @Test(arguments: [
    ("", 0), ("1", 1), ("1.2", 3), ("1.2.", 4), ("1.2.3.4", 5), ("v1.2.3", 0), ("01.2.3", 0), ("1.02.3", 2),
    ("1.2.03", 4), ("1.2.3-", 6), ("1.2.3-a..b", 8), ("1.2.3-01", 6), ("1.2.3+", 6), ("1.2.3+a+b", 7), ("1.2.3-é", 6),
    (" 1.2.3", 0), ("1.2.3 ", 5), ("1.-2.3", 2), ("18446744073709551616.0.0", 0), ("1,2,3", 1), ("1.2.3-a_b", 7),
  ])
  func refuses(_ text: String, _ offset: Int) {
    let error = #expect(throws: NameError.self) { try SemanticVersion(parsing: text, offset: 100) }
    #expect(error?.code == .badVersion && error?.offset == 100 + offset, "\(String(describing: error))")
  }
}
