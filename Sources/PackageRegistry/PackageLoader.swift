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

  /// The library's bytes, hashed once more; a missing or damaged folder is made anew from the store.
  private func library(_ digest: PackageDigest) throws(HostError) -> [UInt8] {
    do throws(ArchiveError) { return try content.library(digest: digest) } catch {
      Log.write(.warning, "a package is staged again", [("digest", digest.short), ("reason", error.message)])
    }
    do {
      guard let archive = try store.archive(digest: digest) else {
        throw HostError(code: "CLO-P091", message: "the archive of package \(digest.short) is not in the store")
      }
      let verified = try ArchiveReader.verify(bytes: archive)
      guard verified.digest == digest else {
        throw HostError(
          code: "CLO-P092", message: "the stored archive of \(digest.short) has digest \(verified.digest.short)")
      }
      try content.stage(verified)
      return try content.library(digest: digest)
    } catch let error as HostError { throw error } catch let error as ArchiveError {
      throw HostError(code: error.code, message: error.message)
    } catch {
      throw HostError(code: "CLO-P093", message: "the package could not be staged: \(error)", isInfrastructure: true)
    }
  }
}
