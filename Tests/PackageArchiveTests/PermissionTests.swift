import Testing
import WorkflowModel

@testable import PackageArchive

@Suite struct PermissionTests {
  private static let least = "name = \"demo\"\nversion = \"1.0.0\"\n[permissions]\n"

  private static let restricted: PackagePermissions = {
    var permissions = PackagePermissions()
    (permissions.network, permissions.writing, permissions.memory) = (false, false, 256 << 20)
    return permissions
  }()

  private func read(_ lines: String) throws -> PackagePermissions {
    try AuthorManifest.read(text: Self.least + lines).permissions
  }

  private func expectRefusal(
    _ reason: ArchiveRefusal, _ lines: String, says evidence: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let error = #expect(throws: ArchiveError.self, sourceLocation: sourceLocation) { try read(lines) }
    #expect(error?.reason == reason, sourceLocation: sourceLocation)
    #expect(error?.message.contains(evidence) == true, "\(String(describing: error))", sourceLocation: sourceLocation)
  }

  // MARK: package.toml

  @Test func whoSaysNothingMayDoEverything() throws {
    #expect(try AuthorManifest.read(text: "name = 'd'\nversion = '1.0.0'\n").permissions == .unrestricted)
    #expect(try read("") == .unrestricted)
    #expect(try read("network = true\nprocesses = true\nwrite = 'anywhere'\n") == .unrestricted)
  }

  @Test func everyPermissionIsRead() throws {
    #expect(try read("network = false\nwrite = 'none'\nmemory = '256 MiB'\n") == Self.restricted)
    let processes = try read("processes = false\n")
    #expect(!processes.processes && processes.network && processes.writing && processes.memory == nil)
    let inline = "name = 'd'\nversion = '1.0.0'\npermissions = { network = false }\n"
    #expect(try !AuthorManifest.read(text: inline).permissions.network)
  }

  @Test func aMistakeHasAPlaceInTheTable() {
    expectRefusal(
      .authorUnknownKey, "  netwrok = false\n",
      says: "line 4, column 3: no permission is called 'netwrok'; did you mean 'network'?")
    expectRefusal(.authorUnknownKey, "network = false\nname = 1\n", says: "line 5, column 1")
    expectRefusal(.authorValue, "network = 'no'\n", says: "line 4, column 1: 'network' must be true or false")
    expectRefusal(.authorValue, "processes = 0\n", says: "line 4, column 1: 'processes' must be true or false")
    for value in ["false", "'tmp'", "''"] {
      expectRefusal(.authorValue, "write = \(value)\n", says: "line 4, column 1: 'write' must be \"none\" or")
    }
    for value in ["256", "'256'", "'lots'", "'1.5 GiB'"] {
      expectRefusal(.authorValue, "memory = \(value)\n", says: "line 4, column 1: 'memory' must be a size such as")
    }
    expectRefusal(.authorValue, "memory = '1 MiB'\n", says: "'memory' must be at least 32 MiB")
  }

  @Test func permissionsAreATable() {
    let error = #expect(throws: ArchiveError.self) {
      try AuthorManifest.read(text: "name = 'd'\npermissions = false\nversion = '1.0.0'\n")
    }
    #expect(error?.reason == .authorValue && error?.message.contains("line 2, column 1") == true)
  }

  // MARK: Archives

  private func archive(_ permissions: PackagePermissions) throws -> [UInt8] {
    var contents = Fixture.contents
    contents.permissions = permissions
    return try PackageArchiveWriter.write(contents: contents)
  }

  @Test func theyTravelAndAreContent() throws {
    let verified = try ArchiveReader.verify(bytes: try archive(Self.restricted))
    #expect(verified.metadata.permissions == Self.restricted)
    #expect(verified.digest != Fixture.verified.digest)
    #expect(try archive(.unrestricted) == Fixture.archive, "a package that restricts nothing is what it always was")
    #expect(Fixture.verified.metadata.permissions == .unrestricted)
  }

  @Test func theContentStoreHasThemFromTheDigest() throws {
    let folder = TemporaryFolder()
    let store = try ContentStore(root: folder.path + "/packages")
    let verified = try ArchiveReader.verify(bytes: try archive(Self.restricted))
    #expect(throws: ArchiveError.self) { try store.permissions(digest: verified.digest) }
    try store.stage(verified)
    #expect(try store.permissions(digest: verified.digest) == Self.restricted)
    try folder.overwrite("packages/\(verified.digest.hex)/metadata.json") { text in
      text.replacing("\"network\":false", with: "\"network\":true ")
    }
    let error = #expect(throws: ArchiveError.self) { try store.permissions(digest: verified.digest) }
    #expect(error?.reason == .storedDamage)
  }

  @Test(arguments: [
    #""permissions":{}"#, #""permissions":null"#, #""permissions":{"network":true}"#,
    #""permissions":{"clock":false}"#, #""permissions":{"network":false,"network":false}"#,
  ])
  func onlyWhatCanBeEnforcedIsBelieved(_ member: String) throws {
    let bytes = try Fixture.restated { files in
      files["metadata.json"] = Fixture.replacing("}\n", with: ",\(member)}\n", in: files["metadata.json"])
    }
    PackageArchiveTests.expectRefusal(.metadata, bytes)
  }
}
