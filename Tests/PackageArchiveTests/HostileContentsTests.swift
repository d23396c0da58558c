import Testing
import WorkflowModel

@testable import PackageArchive

/// Each test is one way in which the files of a package can lie about each other.
@Suite struct HostileContentsTests {
  private static let library = "lib/libsimple_demo.so"

  private func expectRefusal(
    of reason: ArchiveRefusal, says evidence: String = "", name: String = Fixture.descriptor.name,
    version: String = Fixture.descriptor.version, sourceLocation: SourceLocation = #_sourceLocation,
    _ change: (inout [String: [UInt8]]) -> Void
  ) throws {
    let archive = try Fixture.restated(name: name, version: version, change)
    PackageArchiveTests.expectRefusal(reason, archive, says: evidence, sourceLocation: sourceLocation)
  }

  /// The fixture with one file replaced below its old statement.
  private func swapped(_ path: String, _ change: (inout [UInt8]) -> Void) -> [UInt8] {
    let members = Fixture.members.map { member in
      var bytes = member.bytes
      if member.path == path { change(&bytes) }
      return ArchiveMember(path: member.path, bytes: bytes)
    }
    return Packing.zstd(Fixture.tar(members).ended)
  }

  private func withStatement(_ old: String, _ new: String) -> [UInt8] {
    swapped("statement") { $0 = Fixture.replacing(old, with: new, in: $0) }
  }

  @Test func theHonestRestatementIsAccepted() throws {
    #expect(try ArchiveReader.verify(bytes: try Fixture.restated { _ in }).digest == Fixture.verified.digest)
  }

  @Test(arguments: ["lib/libsimple_demo.so", "manifest.toml", "metadata.json"])
  func aMissingMember(path: String) {
    let members = Fixture.members.filter { $0.path != path }
    PackageArchiveTests.expectRefusal(.missingMember, Packing.zstd(Fixture.tar(members).ended), says: path)
  }

  @Test(arguments: ["lib/libsimple_demo.so", "manifest.toml", "metadata.json"])
  func aWrongDigest(path: String) {
    PackageArchiveTests.expectRefusal(.memberDigest, swapped(path) { $0[$0.count / 2] ^= 1 }, says: path)
  }

  @Test(arguments: ["lib/libsimple_demo.so", "manifest.toml", "metadata.json"])
  func aWrongSize(path: String) {
    PackageArchiveTests.expectRefusal(.memberSize, swapped(path) { $0.append(0) }, says: path)
  }

  @Test func aStatementOfAnotherFormat() {
    PackageArchiveTests.expectRefusal(.statement, withStatement("cloacina-package 1", "cloacina-package 2"))
  }

  @Test(arguments: [
    ("\n", "\r\n"), ("name ", "name  "), ("version ", "Version "), (" manifest.toml", " ../manifest.toml"),
  ])
  func aStatementInAnotherSpelling(old: String, new: String) {
    #expect(throws: ArchiveError.self) { try ArchiveReader.verify(bytes: withStatement(old, new)) }
  }

  @Test func aStatementThatIsCutShort() {
    let whole = Fixture.members[0].bytes
    for count in 0..<whole.count {
      #expect(throws: ArchiveError.self) {
        try ArchiveReader.verify(bytes: swapped("statement") { $0 = Array(whole[..<count]) })
      }
    }
  }

  @Test func aStatementThatIsNotSorted() {
    let unsorted = swapped("statement") { bytes in
      var lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
      lines.swapAt(3, 4)
      bytes = Array(lines.map { $0 + "\n" }.joined().utf8)
    }
    PackageArchiveTests.expectRefusal(.statement, unsorted, says: "sorted")
  }

  @Test func aStatementThatListsAFileTwiceOrItself() {
    let line = Fixture.verified.statement.members.map { "\($0.digest) \($0.size) \($0.path)\n" }
    PackageArchiveTests.expectRefusal(.statement, withStatement(line[1], line[1] + line[1]))
    let zeros = String(repeating: "0", count: 64)
    PackageArchiveTests.expectRefusal(.statement, swapped("statement") { $0 += Array("\(zeros) 1 statement\n".utf8) })
  }

  @Test(arguments: ["", "9lives", "a/b", "..", "sp ace", "naïve", String(repeating: "a", count: 65)])
  func aNameThatIsNoIdentifier(name: String) throws { try expectRefusal(of: .packageName, name: name) { _ in } }

  @Test(arguments: ["", "1", "1.0", "v1.0.0", "01.0.0", "1.0.0-", "1.0.0-01", "latest", "1.0.0 "])
  func aVersionThatIsNotSemantic(version: String) throws {
    try expectRefusal(of: .packageVersion, version: version) { _ in }
  }

  @Test func aNameThatDiffers() throws {
    try expectRefusal(of: .contradiction, says: "'other'", name: "other") { _ in }
    try expectRefusal(of: .contradiction, says: "'other'") { files in
      files["manifest.toml"] = Fixture.replacing("\"simple_demo\"", with: "\"other\"", in: files["manifest.toml"])
    }
  }

  @Test func aVersionThatDiffers() throws {
    try expectRefusal(of: .contradiction, says: "'9.9.9'", version: "9.9.9") { _ in }
    try expectRefusal(of: .contradiction, says: "'9.9.9'") { files in
      files["metadata.json"] = Fixture.replacing("1.2.3-rc.1", with: "9.9.9", in: files["metadata.json"])
    }
  }

  @Test(arguments: [("A demo", "A trap"), ("Somebody", "Nobody"), ("f00d", "beef"), ("swift-6.3.1", "swift-5.9.0")])
  func aFactThatDiffers(old: String, new: String) throws {
    try expectRefusal(of: .contradiction) {
      $0["metadata.json"] = Fixture.replacing(old, with: new, in: $0["metadata.json"])
    }
  }

  @Test func metadataThatGivesTheLibraryAnotherDigest() throws {
    let digest = Fixture.verified.metadata.libraries[0].digest
    try expectRefusal(of: .contradiction, says: Self.library) { files in
      files["metadata.json"] = Fixture.replacing(
        digest, with: String(repeating: "0", count: 64), in: files["metadata.json"])
    }
  }

  @Test(arguments: [
    ("{\"format\":1", "{\"format\":2"), ("\"format\":1,", ""), ("\"package\":", "\"pakage\":"),
    ("\"author\":", "\"extra\":1,\"author\":"), ("\"targets\":[\"", "\"targets\":[\"x\",\""),
    ("\"path\":\"lib/libsimple_demo.so\"", "\"path\":\"manifest.toml\""), ("\"compiler\":", "\"author\":"),
    ("{\"format\"", "[{\"format\""), ("\"minor\":0", "\"minor\":-1"), ("\"minor\":0", "\"minor\":\"0\""),
  ])
  func metadataOutOfShape(old: String, new: String) throws {
    try expectRefusal(of: .metadata) {
      $0["metadata.json"] = Fixture.replacing(old, with: new, in: $0["metadata.json"])
    }
  }

  @Test(arguments: [
    ("[package]", "[packages]"), ("name = ", "nmae = "), ("on_conflict = \"refuse\"", "on_conflict = \"maybe\""),
    ("timeout_ms = 30000", "timeout_ms = -1"), ("timeout_ms = 30000", "timeout_ms = 1979-05-27"),
    ("timeout_ms = 30000", "timeout_ms = 1\ntimeout_ms = 2"), ("defers = true", "defers = inf"),
    ("[package]", "[package"), ("[package]", "[surprise]\n[package]"), ("tasks = []", "tasks = [1]"),
  ])
  func aManifestOutOfShape(old: String, new: String) throws {
    try expectRefusal(of: .manifest, says: "manifest.toml") { files in
      files["manifest.toml"] = Fixture.replacing(old, with: new, in: files["manifest.toml"])
    }
  }

  @Test func aListedFileThatIsNoPartOfAPackage() throws {
    try expectRefusal(of: .unlistedMember, says: "src/main.c") { $0["src/main.c"] = [1] }
    try expectRefusal(of: .unlistedMember, says: "lib/libevil.so") { $0["lib/libevil.so"] = Fixture.library }
  }

  @Test func aLibraryThatIsNone() throws {
    for library in [[], [0x7F, 0x45, 0x4C, 0x46], Array("#!/bin/sh\n".utf8), Array(Fixture.library.prefix(1000))] {
      var contents = Fixture.contents
      contents.libraries[0].bytes = library
      PackageArchiveTests.expectRefusal(
        .library, try PackageArchiveWriter.write(contents: contents), says: "CLO-P")
    }
  }

  @Test func aLibraryWithoutTheEntryPoint() throws {
    var contents = Fixture.contents
    contents.libraries[0].bytes = Fixture.compile("int something_else(void) { return 0; }")
    PackageArchiveTests.expectRefusal(
      .library, try PackageArchiveWriter.write(contents: contents), says: "cloacina_package_v1")
  }
}
