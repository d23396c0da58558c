import Testing

@testable import WorkflowModel

@Suite struct NamespacePatternTests {
  private let name = try? Namespace(parsing: "acme::simple_demo::data_processing::collect_data")

  @Test(arguments: [
    "acme::simple_demo::data_processing::collect_data", "acme", "acme::simple_demo", "*", "*::*::*::*", "a*",
    "acme::simple_*", "*::*_demo", "*::*::*::*_*", "*::s*e*o", "acme::simple_demo::data_processing::**data",
    "*::*::*::collect_data*",
  ])
  func means(_ pattern: String) throws {
    #expect(try NamespacePattern(parsing: pattern).matches(try #require(name)))
  }

  @Test(arguments: [
    "acm", "acme_", "*b", "acme::demo", "*::simple", "*::*::*::collect", "*::*::*::*_dat", "*::*::*::collect_data_*",
    "ACME", "*::s*x*o", "*::*::collect_data",
  ])
  func doesNotMean(_ pattern: String) throws {
    #expect(try !NamespacePattern(parsing: pattern).matches(try #require(name)))
  }

  @Test(arguments: [
    ("", "tenant", 0), ("a::", "package", 3), ("a::b c", "package", 4), ("a::b::c::d::e", "task", 13),
    ("a::b::1*", "workflow", 6),
  ])
  func refuses(_ pattern: String, _ part: String, _ offset: Int) {
    let error = #expect(throws: NameError.self) { try NamespacePattern(parsing: pattern) }
    #expect(error?.part == part && error?.offset == offset)
  }
}
