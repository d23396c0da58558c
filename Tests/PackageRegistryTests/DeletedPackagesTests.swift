import Foundation
import PackageArchive
import PackageHost
import StoreConformance
import Synchronization
import Testing
import WorkflowModel
import WorkflowStore

@testable import PackageRegistry

/// A store of which only the registered versions are asked.
private final class RegisteredVersions: UnansweringStore {
  let digests = Mutex<Set<PackageDigest>>([])

  func apply(_ batch: StoreBatch) throws(StoreError) -> StoreOutcome { StoreOutcome() }

  func package(digest: PackageDigest) throws(StoreError) -> PackageRecord? {
    guard digests.withLock({ $0.contains(digest) }) else { return nil }
    return PackageRecord(
      digest: digest, tenant: "public", name: "etl", version: "1.0.0", description: "", author: "", fingerprint: "",
      isolation: "runner", archiveBytes: 1, registeredAt: 0)
  }
}

@Suite struct DeletedPackagesTests {
  private let digest = PackageDigest(hex: String(repeating: "a", count: 64))!
  private let store = RegisteredVersions()

  /// Hands out a registry of an empty folder, and what makes a version's folder in it.
  private func withRegistry(_ body: (PackageRegistry, _ make: () throws -> Void) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("cloacina-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let commits = CommitQueue(store: store)
    defer { commits.close() }
    let registry = PackageRegistry(
      store: store, commits: commits, content: try ContentStore(root: folder), origin: Origin(actor: "a", node: "n")
    ) { _, _, _, _ throws(HostError) in throw HostError(code: "CLO-TEST", message: "nothing is opened here") }
    defer { registry.pool.close(deadline: 0) }
    try body(registry) {
      try FileManager.default.createDirectory(atPath: "\(folder)/\(digest.hex)", withIntermediateDirectories: true)
    }
  }

  @Test func aRemovedVersionIsDeletedAndForgottenSoThatItMayArriveAgain() throws {
    try withRegistry { registry, make in
      try make()
      registry.deleteRemoved()
      #expect(registry.isUnpacked(digest), "it may be on its way to being registered")
      store.digests.withLock { _ = $0.insert(digest) }
      registry.deleteRemoved()
      #expect(registry.isUnpacked(digest) && registry.seen.withLock { $0 } == [digest])
      store.digests.withLock { $0 = [] }
      registry.deleteRemoved()
      #expect(!registry.isUnpacked(digest) && registry.seen.withLock { $0.isEmpty })
      try make()
      registry.deleteRemoved()
      #expect(registry.isUnpacked(digest), "it is on its way once more")
    }
  }

  @Test func whatWasDeletedByTheOneWhoRemovedItIsForgottenToo() throws {
    try withRegistry { registry, make in
      try make()
      store.digests.withLock { _ = $0.insert(digest) }
      registry.deleteRemoved()
      store.digests.withLock { $0 = [] }
      registry.forget(digest)
      registry.deleteRemoved()
      #expect(registry.seen.withLock { $0.isEmpty })
    }
  }
}
