import PackageArchive
import PackageHost
import Telemetry
import WorkflowModel
import WorkflowStore

/// The way from a digest to running code: content store, else the store's archive, verified again; then a host.
struct PackageLoader: Sendable {
  let store: any WorkflowStore
  let content: ContentStore
  let opener: LibraryOpener

  func open(_ digest: PackageDigest) throws(HostError) -> any PackageHost {
    let record: PackageRecord?
    do throws(StoreError) { record = try store.package(digest: digest) } catch {
      throw HostError(code: error.code.rawValue, message: error.message, isInfrastructure: true)
    }
    guard let record, let isolation = Isolation(rawValue: record.isolation) else {
      throw HostError(code: "CLO-P091", message: "no package with digest \(digest.short) is registered")
    }
    return try opener(try library(digest), digest, isolation)
  }

  /// Puts the version's exact bytes in place, unless they are there and intact.
  ///
  /// - Throws: ``HostError``, `isInfrastructure` when it says nothing about the package.
  func stage(_ digest: PackageDigest) throws(HostError) { _ = try library(digest) }

  /// The library's bytes, hashed once more; a missing or damaged folder is made anew from the store.
  private func library(_ digest: PackageDigest) throws(HostError) -> [UInt8] {
    do throws(ArchiveError) { return try content.library(digest: digest) } catch {
      let level: LogLevel = error.reason == .notStaged ? .debug : .warning
      Log.write(level, "a package is staged", [("digest", digest.short), ("reason", error.message)])
    }
    let archive = try archive(digest)
    let found: PackageDigest
    do throws(ArchiveError) {
      let verified = try ArchiveReader.verify(bytes: archive)
      found = verified.digest
      if found == digest {
        try content.stage(verified)
        return try content.library(digest: digest)
      }
    } catch { throw HostError(code: error.code, message: error.message, isInfrastructure: error.reason == .storage) }
    throw HostError(code: "CLO-P092", message: "the stored archive of \(digest.short) has digest \(found.short)")
  }

  private func archive(_ digest: PackageDigest) throws(HostError) -> [UInt8] {
    let archive: [UInt8]?
    do throws(StoreError) { archive = try store.archive(digest: digest) } catch {
      throw HostError(code: error.code.rawValue, message: error.message, isInfrastructure: true)
    }
    if let archive { return archive }
    throw HostError(code: "CLO-P091", message: "the archive of package \(digest.short) is not in the store")
  }
}
