import Testing
import WorkflowModel

@testable import PackageArchive

@Suite struct RoundTripTests {
  @Test func everythingComesBack() throws {
    let verified = Fixture.verified
    #expect(verified.descriptor == Fixture.descriptor)
    #expect(verified.library == Fixture.library)
    #expect(verified.target == HostTarget.triple)
    #expect(verified.archiveByteCount == Fixture.archive.count)
    #expect(verified.metadata.targets == [HostTarget.triple])
    #expect(try verified.exports() == ["cloacina_package_v1"])
    #expect(verified.statement.name == "simple_demo")
    #expect(
      verified.members.map(\.path) == ["statement", "lib/libsimple_demo.so", "manifest.toml", "metadata.json"])
  }

  @Test func theDigestIsTheStatementsSHA256() throws {
    let statement = Fixture.verified.statement.text
    #expect(try SHA256.hex(Array(statement.utf8)) == Fixture.verified.digest.hex)
    #expect(statement.hasPrefix("cloacina-package 1\nname simple_demo\nversion 1.2.3-rc.1\n"))
  }

  @Test func sha256FollowsItsStandard() throws {
    #expect(try SHA256.hex(Array("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }

  @Test func twoWritesGiveTheSameBytes() throws {
    #expect(try PackageArchiveWriter.write(contents: Fixture.contents) == Fixture.archive)
    var contents = Fixture.contents
    contents.libraries.append(.init(target: "riscv64-unknown-linux-gnu", bytes: [1, 2, 3]))
    let archive = try PackageArchiveWriter.write(contents: contents)
    contents.libraries.reverse()
    #expect(try PackageArchiveWriter.write(contents: contents) == archive)
  }

  @Test func theDateChangesTheArchiveButNotTheIdentity() throws {
    var dated = Fixture.contents
    dated.modifiedAt = 1_700_000_000
    let archive = try PackageArchiveWriter.write(contents: dated)
    #expect(archive != Fixture.archive)
    #expect(try PackageArchiveWriter.write(contents: dated) == archive)
    #expect(try ArchiveReader.verify(bytes: archive).digest == Fixture.verified.digest)
  }

  @Test func sourceDateEpochIsANumber() throws {
    #expect(try PackageContents.sourceDate("1700000000") == 1_700_000_000)
    for text in ["", "-1", "1.5", "abc", "99999999999999"] {
      let error = #expect(throws: ArchiveError.self) { try PackageContents.sourceDate(text) }
      #expect(error?.reason == .sourceDate)
    }
  }

  @Test func gzipIsRead() throws {
    let archive = Packing.gzip(Fixture.tar().ended)
    #expect(try ArchiveReader.verify(bytes: archive).digest == Fixture.verified.digest)
  }

  @Test func foldersOfMembersAreTolerated() throws {
    var tar = Fixture.tar()
    tar.add("lib/", type: "5", mode: 0o755)
    #expect(try ArchiveReader.verify(bytes: Packing.zstd(tar.ended)).digest == Fixture.verified.digest)
  }

  @Test func severalTargetsAreKeptApart() throws {
    var contents = Fixture.contents
    contents.libraries.append(.init(target: "riscv64-unknown-linux-gnu", bytes: [1, 2, 3]))
    let verified = try ArchiveReader.verify(bytes: try PackageArchiveWriter.write(contents: contents))
    #expect(verified.library == Fixture.library)
    #expect(verified.metadata.libraries.map(\.path).contains("lib/riscv64-unknown-linux-gnu/libsimple_demo.so"))
  }

  @Test func aPackageForOtherMachinesIsRefused() throws {
    var contents = Fixture.contents
    contents.libraries[0].target = "riscv64-unknown-linux-gnu"
    expectRefusal(
      .otherTarget, try PackageArchiveWriter.write(contents: contents), says: "riscv64-unknown-linux-gnu")
  }

  @Test func whatCouldNotBeReadIsNotWritten() {
    var contents = Fixture.contents
    contents.libraries = []
    expectUnwritten(.contents, contents)
    contents.libraries = Fixture.contents.libraries + Fixture.contents.libraries
    expectUnwritten(.contents, contents)
    contents.libraries = [
      .init(target: "../../etc", bytes: []), .init(target: HostTarget.triple, bytes: Fixture.library),
    ]
    expectUnwritten(.memberName, contents)
    contents = Fixture.contents
    contents.descriptor.name = "../x"
    expectUnwritten(.packageName, contents)
    contents.descriptor.name = "9x"
    expectUnwritten(.packageName, contents)
    contents = Fixture.contents
    contents.descriptor.version = "1.0"
    expectUnwritten(.packageVersion, contents)
  }

  private func expectUnwritten(_ reason: ArchiveRefusal, _ contents: PackageContents) {
    let error = #expect(throws: ArchiveError.self) { try PackageArchiveWriter.write(contents: contents) }
    #expect(error?.reason == reason, "\(String(describing: error))")
  }
}
