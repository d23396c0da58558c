import Testing
import WorkflowModel

@testable import PackageArchive

@Suite struct TomlTests {
  private func read(_ text: String) throws(TomlText.Fault) -> String { try TomlText.read(Array(text.utf8)).json }

  private func expectFault(_ text: String, line: Int, column: Int, sourceLocation: SourceLocation = #_sourceLocation) {
    let fault = #expect(throws: TomlText.Fault.self, sourceLocation: sourceLocation) { try read(text) }
    #expect(
      fault?.line == line && fault?.column == column, "\(String(describing: fault))", sourceLocation: sourceLocation)
  }

  @Test func valuesBecomeJSON() throws {
    #expect(try read("") == "{}")
    #expect(
      try read("b = true\na = -5\nc = [1.5, 2e3]\n[t.u]\ns = \"x\\\"\\\\\\u0001é\"")
        == #"{"a":-5,"b":true,"c":[1.5,2000],"t":{"u":{"s":"x\"\\\u0001é"}}}"#)
    #expect(try read("a = 9223372036854775807") == #"{"a":9223372036854775807}"#)
    #expect(try read("a = '''\nx'y''z'''''") == #"{"a":"x'y''z''"}"#)
  }

  @Test func mistakesHaveAPlace() {
    expectFault("a = 1\nb = \n", line: 2, column: 5)
    expectFault("a = 1\na = 2\n", line: 2, column: 5)
    expectFault("a = 1\nb = 1979-05-27\n", line: 2, column: 5)
    expectFault("x = nan", line: 1, column: 5)
    expectFault("a = \"\u{1}\"", line: 1, column: 6)
  }

  @Test func bytesThatAreNoUnicodeAreRefused() {
    #expect(throws: TomlText.Fault.self) { try TomlText.read([0x61, 0x3D, 0x22, 0xFF, 0x22]) }
  }

  @Test func deepNestingIsRefusedBeforeItHurts() {
    for count in [100, 1_000_000] {
      #expect(throws: TomlText.Fault.self) { try read("a = " + String(repeating: "[", count: count)) }
      #expect(throws: TomlText.Fault.self) { try read("a = " + String(repeating: "{a=", count: count)) }
      expectFault(String(repeating: "a.", count: count) + "a = 1", line: 1, column: 34)
      expectFault("x = 1 # a.b\n[" + String(repeating: "'a' . ", count: count) + "a]", line: 2, column: 102)
    }
  }

  @Test func dotsInStringsAndCommentsDoNotCount() throws {
    let dots = String(repeating: ".", count: 100)
    let lines = [
      "a = \"\(dots)\\\"\(dots)\" # \(dots)", "b = '\(dots)'", "c = \"\"\"\n\(dots)\"\(dots)\"\"\"\"\"",
      "d = '''\(dots)'\(dots)'''",
    ].map { $0 + "\n" }
    #expect(try TomlText.read(Array(lines.joined().utf8)).members?.count == 4)
  }

  @Test func manifestsComeBackWhateverTheirTexts() throws {
    for text in [
      "", "\"", "\\", "\u{0}", "\u{1F}\u{7F}\u{80}", "\r\n", "''' \"\"\" # = [a]", "☂", "{ }",
      String(repeating: ".", count: 50),
    ] {
      var descriptor = Fixture.descriptor
      descriptor.description = text
      descriptor.workflows[0].tasks[0].tags = [text]
      descriptor.workflows[0].tasks[1].rule = .context(key: text, comparison: .equal, value: .string(text))
      #expect(try ManifestReader.read(ManifestWriter.write(descriptor)) == descriptor)
    }
    let empty = PackageDescriptor(name: "a", version: "1.0.0", workflows: [])
    #expect(try ManifestReader.read(ManifestWriter.write(empty)) == empty)
  }

  @Test func theDeepestRuleComesBack() throws {
    var rule = TriggerRule.always
    for _ in 1..<16 { rule = .any([rule]) }
    var descriptor = Fixture.descriptor
    descriptor.workflows[0].tasks[0].rule = rule
    #expect(try ManifestReader.read(ManifestWriter.write(descriptor)) == descriptor)
  }
}
