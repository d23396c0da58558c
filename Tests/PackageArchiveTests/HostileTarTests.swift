import CArchive
import Testing

@testable import PackageArchive

/// Each test is one thing somebody could do to a tar.
@Suite struct HostileTarTests {
  private func expectRefusal(
    of reason: ArchiveRefusal, says evidence: String = "", sourceLocation: SourceLocation = #_sourceLocation,
    _ change: (inout RawTar) -> Void
  ) {
    var tar = Fixture.tar()
    change(&tar)
    PackageArchiveTests.expectRefusal(
      reason, Packing.zstd(tar.ended), says: evidence, sourceLocation: sourceLocation)
  }

  @Test(arguments: [
    "/etc/passwd", "//x", "../x", "lib/../../x", "lib/..", "./statement", "lib/./x", "lib//x", "a\\b", "C:x",
    "sp ace", "tab\tx", "ümlaut", "a/b/c/d/e/f/g/h/i", "lib/*", "~root",
  ])
  func aNameOutsideTheGrammar(name: String) { expectRefusal(of: .memberName) { $0.add(name, [1]) } }

  @Test func anEmptyName() { expectRefusal(of: .memberName) { $0.add("", [1]) } }

  @Test func aNameThatIsNoUnicode() { expectRefusal(of: .memberName) { $0.add([0x61, 0xFF, 0xFE], [1]) } }

  @Test func aHugeName() {
    expectRefusal(of: .memberName, says: "5000 bytes") { tar in
      tar.addExtended([("path", [UInt8](repeating: 0x61, count: 5000))])
      tar.add("short", [1])
    }
  }

  @Test func anAbsoluteNameInAnExtendedHeader() {
    expectRefusal(of: .memberName) { tar in
      tar.addExtended([("path", Array("/etc/shadow".utf8))])
      tar.add("lib/harmless", [1])
    }
  }

  @Test func aZeroByteInAName() {
    expectRefusal(of: .duplicateMember) { tar in
      tar.addExtended([("path", Array("manifest.toml\u{0}.evil".utf8))])
      tar.add("lib/harmless", [1])
    }
  }

  @Test(arguments: ["/etc/passwd", "../../outside", "lib/libsimple_demo.so"])
  func aSymbolicLink(target: String) {
    expectRefusal(of: .memberKind, says: "symbolic link") { $0.add("lib/link", type: "2", link: target) }
  }

  @Test(arguments: ["/etc/passwd", "../../outside", "statement"])
  func aHardLink(target: String) {
    expectRefusal(of: .memberKind, says: "hard link") { $0.add("lib/link", type: "1", link: target) }
  }

  @Test func aHardLinkWithData() {
    expectRefusal(of: .memberKind) { $0.add("lib/link", [1, 2], type: "1", link: "statement") }
  }

  @Test func aCharacterDevice() { expectRefusal(of: .memberKind, says: "character") { $0.add("lib/d", type: "3") } }

  @Test func aBlockDevice() { expectRefusal(of: .memberKind, says: "block") { $0.add("lib/d", type: "4") } }

  @Test func aFifo() { expectRefusal(of: .memberKind, says: "fifo") { $0.add("lib/d", type: "6") } }

  @Test func setUserID() { expectRefusal(of: .memberKind, says: "set-user-id") { $0.add("lib/x", [1], mode: 0o4755) } }

  @Test(arguments: [
    ("SCHILY.xattr.user.evil", "value", "extended attributes"),
    ("LIBARCHIVE.xattr.user.evil", "dmFsdWU", "extended attributes"),
    ("SCHILY.acl.access", "user::rwx,user:nobody:rwx:65534,group::r-x,mask::rwx,other::r--", "access list"),
    ("SCHILY.fflags", "immutable", "file flags"),
  ])
  func anEntryWithMoreThanBytes(key: String, value: String, evidence: String) {
    expectRefusal(of: .memberKind, says: evidence) { tar in
      tar.addExtended([(key, Array(value.utf8))])
      tar.add("lib/x", [1])
    }
  }

  @Test func aSparseFile() {
    expectRefusal(of: .memberKind, says: "sparse") { tar in
      tar.addExtended([
        ("GNU.sparse.name", Array("lib/x".utf8)), ("GNU.sparse.size", Array("100000".utf8)),
        ("GNU.sparse.map", Array("512,1,99999,1".utf8)),
      ])
      tar.add("lib/x", [1, 2])
    }
    expectRefusal(of: .damaged, says: "sparse") { tar in
      tar.addExtended([("GNU.sparse.major", Array("9".utf8)), ("GNU.sparse.minor", Array("0".utf8))])
      tar.add("lib/x", [1, 2])
    }
  }

  @Test func aDuplicate() { expectRefusal(of: .duplicateMember) { $0.add("manifest.toml", [1]) } }

  @Test func aDuplicateByCase() { expectRefusal(of: .duplicateMember) { $0.add("Manifest.TOML", [1]) } }

  @Test func twoStatements() { expectRefusal(of: .duplicateMember) { $0.add("statement", [1]) } }

  @Test func anUnlistedMember() { expectRefusal(of: .unlistedMember, says: "extra") { $0.add("extra", [1]) } }

  @Test func anUnlistedFolder() {
    expectRefusal(of: .unlistedMember, says: "elsewhere") { $0.add("elsewhere/", type: "5") }
  }

  @Test func aFolderNamedLikeAFile() { expectRefusal(of: .duplicateMember) { $0.add("manifest.toml/", type: "5") } }

  @Test func tooManyEntries() {
    expectRefusal(of: .tooManyEntries, says: "64") { tar in for index in 0..<64 { tar.add("lib/\(index)") } }
  }

  @Test func aSizeBeyondTheEnd() {
    expectRefusal(of: .damaged) { $0.add("lib/x", [1], size: 0o77777777777) }
    expectRefusal(of: .damaged) { $0.add("lib/x", [1], size: 5000) }
  }

  @Test(arguments: ["-1", "9223372036854775807", "9223372036854775808"])
  func aLyingSizeInAnExtendedHeader(size: String) {
    var tar = Fixture.tar()
    tar.addExtended([("size", Array(size.utf8))])
    tar.add("lib/x", [1])
    PackageArchiveTests.expectRefusal(.damaged, Packing.zstd(tar.ended))
  }

  @Test func anEntryOverItsLimit() {
    var limits = ArchiveLimits()
    limits.entryBytes = 2000
    PackageArchiveTests.expectRefusal(.tooLarge, Fixture.archive, limits: limits, says: "2000")
  }

  @Test func bytesAfterTheEndOfTheTar() {
    PackageArchiveTests.expectRefusal(.trailingBytes, Packing.zstd(Fixture.tar().ended + [1]))
    var second = Fixture.tar()
    second.add("evil", [1])
    PackageArchiveTests.expectRefusal(.trailingBytes, Packing.zstd(Fixture.tar().ended + second.ended))
  }

  @Test func aChecksumThatIsWrong() {
    var tar = Fixture.tar().ended
    tar[0] ^= 1
    PackageArchiveTests.expectRefusal(.damaged, Packing.zstd(tar))
  }

  @Test func theStatementNotFirst() {
    let members = Fixture.members
    let tar = Fixture.tar([members[1], members[0]] + members[2...])
    PackageArchiveTests.expectRefusal(.statementNotFirst, Packing.zstd(tar.ended), says: "lib/libsimple_demo.so")
    PackageArchiveTests.expectRefusal(.statementNotFirst, Packing.zstd(Fixture.tar(Array(members[1...])).ended))
  }
}
