import Foundation
import Testing
import WorkflowModel

@testable import PackageArchive

@Suite struct ContentStoreTests {
  /// A folder for one test, with the store's root inside of it.
  private final class Place {
    let folder: String
    var root: String { folder + "/packages" }
    var staged: String { root + "/" + Fixture.verified.digest.hex }

    init() throws {
      folder = FileManager.default.temporaryDirectory.path + "/cloacina-\(UUID().uuidString)"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Everything below the folder, sorted.
    func listing() throws -> [String] { try FileManager.default.subpathsOfDirectory(atPath: folder).sorted() }
  }

  private let place: Place
  private let digest = Fixture.verified.digest

  init() throws { place = try Place() }

  private func expectRefusal(
    _ reason: ArchiveRefusal, _ store: ContentStore, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let error = #expect(throws: ArchiveError.self, sourceLocation: sourceLocation) { try store.library(digest: digest) }
    #expect(error?.reason == reason, "\(String(describing: error))", sourceLocation: sourceLocation)
  }

  @Test func whatIsStagedComesBack() throws {
    let store = try ContentStore(root: place.root)
    expectRefusal(.notStaged, store)
    try store.stage(Fixture.verified)
    #expect(try store.library(digest: digest) == Fixture.library)
    try store.stage(Fixture.verified)
    #expect(try ContentStore(root: place.root).library(digest: digest) == Fixture.library)
  }

  @Test func nothingIsWrittenOutsideOfTheDigestsFolder() throws {
    let store = try ContentStore(root: place.root)
    #expect(try place.listing() == ["packages"])
    try store.stage(Fixture.verified)
    let inside = ["lib", "lib/libsimple_demo.so", "manifest.toml", "metadata.json", "statement"]
    #expect(try place.listing() == ["packages", "packages/\(digest)"] + inside.map { "packages/\(digest)/\($0)" })
  }

  @Test func filesAreReadOnlyAndFoldersPrivate() throws {
    try ContentStore(root: place.root).stage(Fixture.verified)
    for (path, mode) in [("", 0o700), ("/lib", 0o700), ("/lib/libsimple_demo.so", 0o444), ("/statement", 0o444)] {
      let attributes = try FileManager.default.attributesOfItem(atPath: place.staged + path)
      #expect(attributes[.posixPermissions] as? Int == mode, "\(path)")
    }
  }

  @Test(arguments: ["lib/libsimple_demo.so", "metadata.json", "statement"])
  func aModifiedFileIsDetectedAndReplaced(path: String) throws {
    let store = try ContentStore(root: place.root)
    try store.stage(Fixture.verified)
    let file = place.staged + "/" + path
    var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
    bytes[bytes.count / 2] ^= 1
    try replace(file) { try bytes.write(to: URL(fileURLWithPath: file)) }
    expectRefusal(.storedDamage, store)
    try store.stage(Fixture.verified)
    #expect(try store.library(digest: digest) == Fixture.library)
    #expect(try FileManager.default.contentsOfDirectory(atPath: place.root) == [digest.hex])
  }

  @Test(arguments: ["lib/libsimple_demo.so", "metadata.json", "statement", "lib"])
  func aLinkInPlaceOfAFileIsNotFollowed(path: String) throws {
    let store = try ContentStore(root: place.root)
    try store.stage(Fixture.verified)
    let file = place.staged + "/" + path
    let elsewhere = place.folder + "/elsewhere"
    try FileManager.default.copyItem(atPath: file, toPath: elsewhere)
    try replace(file) { try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: elsewhere) }
    expectRefusal(.storedDamage, store)
    try store.stage(Fixture.verified)
    #expect(try store.library(digest: digest) == Fixture.library)
    #expect(FileManager.default.fileExists(atPath: elsewhere))
  }

  @Test func aFileInPlaceOfTheFolderIsReplaced() throws {
    let store = try ContentStore(root: place.root)
    try Data([1]).write(to: URL(fileURLWithPath: place.staged))
    expectRefusal(.storedDamage, store)
    try store.stage(Fixture.verified)
    #expect(try store.library(digest: digest) == Fixture.library)
  }

  @Test func leftoversOfACrashAreSwept() throws {
    let crashed = place.root + "/.tmp-dead/lib"
    try FileManager.default.createDirectory(atPath: crashed, withIntermediateDirectories: true)
    try Data([1]).write(to: URL(fileURLWithPath: crashed + "/half.so"))
    try FileManager.default.createSymbolicLink(atPath: crashed + "/out", withDestinationPath: place.folder)
    let store = try ContentStore(root: place.root)
    #expect(try place.listing() == ["packages"])
    expectRefusal(.notStaged, store)
  }

  @Test func theFolderOfALivingStagingIsNotSwept() throws {
    let root = try Folder.make(place.root)
    let staging = try Staging.write(Fixture.verified, in: root)
    let store = try ContentStore(root: place.root)
    #expect(try FileManager.default.contentsOfDirectory(atPath: place.root) == [staging.name])
    expectRefusal(.notStaged, store)
    let renamed = try root.rename(staging.name, to: digest.hex)
    #expect(renamed)
    #expect(try store.library(digest: digest) == Fixture.library)
  }

  @Test func manyStagingsOfOneDigestAtOnce() throws {
    let store = try ContentStore(root: place.root)
    let failures = Failures()
    let threads = (0..<8).map { _ in
      Thread {
        for _ in 0..<5 {
          do {
            try store.stage(Fixture.verified)
            guard try store.library(digest: Fixture.verified.digest) == Fixture.library else {
              throw CancellationError()
            }
          } catch { failures.add("\(error)") }
        }
        failures.done.signal()
      }
    }
    for thread in threads { thread.start() }
    for _ in threads { failures.done.wait() }
    #expect(failures.all.isEmpty, "\(failures.all)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: place.root) == [digest.hex])
  }

  /// Several nodes of a machine share a store: one opens it, and so sweeps it, while others replace what is damaged.
  @Test func openingStagingAndReplacingBesideEachOther() throws {
    let root = place.root
    let statement = place.staged + "/statement"
    let failures = Failures()
    let threads = (0..<6).map { number in
      Thread {
        for _ in 0..<40 {
          do {
            let store = try ContentStore(root: root)
            try store.stage(Fixture.verified)
          } catch { failures.add("\(error)") }
          if number == 0 { unlink(statement) }
        }
        failures.done.signal()
      }
    }
    for thread in threads { thread.start() }
    for _ in threads { failures.done.wait() }
    #expect(failures.all.isEmpty, "\(failures.all)")
    let store = try ContentStore(root: root)
    try store.stage(Fixture.verified)
    #expect(try store.library(digest: digest) == Fixture.library)
    #expect(try FileManager.default.contentsOfDirectory(atPath: root) == [digest.hex])
  }

  @Test func aRootThatCannotBeMadeIsSaid() {
    let error = #expect(throws: ArchiveError.self) { try ContentStore(root: place.folder + "/a/b/c") }
    #expect(error?.reason == .storage)
  }

  @Test func removalTakesEverythingAndFollowsNothing() throws {
    try ContentStore(root: place.root).stage(Fixture.verified)
    let precious = place.folder + "/precious"
    try FileManager.default.createDirectory(atPath: precious, withIntermediateDirectories: false)
    try FileManager.default.createSymbolicLink(atPath: place.root + "/link", withDestinationPath: precious)
    ContentStore.remove(root: place.root)
    #expect(try place.listing() == ["precious"])
  }

  private func replace(_ path: String, by make: () throws -> Void) throws {
    try FileManager.default.removeItem(atPath: path)
    try make()
  }
}

/// What went wrong on other threads.
private final class Failures: @unchecked Sendable {  // every access to `texts` holds the lock
  let done = DispatchSemaphore(value: 0)
  private let lock = NSLock()
  private var texts: [String] = []

  func add(_ text: String) { lock.withLock { texts.append(text) } }
  var all: [String] { lock.withLock { texts } }
}
