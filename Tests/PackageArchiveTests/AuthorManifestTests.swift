import Testing

@testable import PackageArchive

@Suite struct AuthorManifestTests {
  private static let least = "name = \"demo\"\nversion = \"1.0.0\"\n"

  private func expectRefusal(
    _ reason: ArchiveRefusal, _ text: String, says evidence: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let error = #expect(throws: ArchiveError.self, sourceLocation: sourceLocation) {
      try AuthorManifest.read(text: text)
    }
    #expect(error?.reason == reason, sourceLocation: sourceLocation)
    #expect(error?.message.contains(evidence) == true, "\(String(describing: error))", sourceLocation: sourceLocation)
  }

  @Test func theLeastIsNameAndVersion() throws {
    let manifest = try AuthorManifest.read(text: Self.least)
    #expect(manifest == AuthorManifest(name: "demo", version: "1.0.0"))
    #expect(manifest.description.isEmpty && manifest.build == nil && manifest.library == nil)
  }

  @Test func everyKeyIsRead() throws {
    let text = Self.least + "description = 'd'\nauthor = 'a'\nbuild = 'make'\nlibrary = 'out/x.so'\n"
    let manifest = try AuthorManifest.read(text: text)
    #expect(manifest.description == "d" && manifest.author == "a")
    #expect(manifest.build == "make" && manifest.library == "out/x.so")
  }

  @Test func anUnknownKeyHasAPlaceAndASuggestion() {
    expectRefusal(
      .authorUnknownKey, Self.least + "  auhtor = 'x'\n",
      says: "line 3, column 3: no key is called 'auhtor'; did you mean 'author'?")
    expectRefusal(
      .authorUnknownKey, Self.least + "[build]\nx = 1\n[q]\n", says: "line 5, column 2: no key is called 'q'")
  }

  @Test func aMissingKeyIsNamed() {
    expectRefusal(.authorMissingKey, "name = 'demo'\n", says: "'version' is missing")
    expectRefusal(.authorMissingKey, "", says: "'name' is missing")
  }

  @Test func aWrongValueHasAPlace() {
    expectRefusal(.authorValue, "version = '1.0.0'\nname = 7\n", says: "line 2, column 1: 'name' must be a string")
    expectRefusal(.authorValue, "name = 'a'\nversion = '1.0'\n", says: "line 2, column 1")
    expectRefusal(.authorValue, "name = 'a b'\nversion = '1.0.0'\n", says: "line 1, column 1")
    expectRefusal(.authorValue, Self.least + "build = ''\n", says: "line 3, column 1: 'build' is empty")
  }

  @Test func brokenTomlHasAPlace() {
    expectRefusal(.authorSyntax, "name = \n", says: "line 1, column 8")
    expectRefusal(.authorSyntax, Self.least + Self.least, says: "line 3, column 8")
  }
}
