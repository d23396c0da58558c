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
    let library = try library(digest)
    return try opener(library, digest, try permissions(digest), isolation)
  }

  /// Checks that the version's exact bytes are in place, or could be put there: then they are returned, verified.
  ///
  /// - Throws: ``HostError``, `isInfrastructure` when it says nothing about the package.
  func verify(_ digest: PackageDigest) throws(HostError) -> VerifiedPackage? {
    do throws(ArchiveError) {
      _ = try content.library(digest: digest)
      return nil
    } catch {
      let level: LogLevel = error.reason == .notStaged ? .debug : .warning
      Log.write(level, "a package is to be staged", [("digest", digest.short), ("reason", error.message)])
    }
    let archive = try archive(digest)
    let verified: VerifiedPackage
    do throws(ArchiveError) { verified = try ArchiveReader.verify(bytes: archive) } catch { throw .archive(error) }
    guard verified.digest == digest else {
      throw HostError(
        code: "CLO-P092", message: "the stored archive of \(digest.short) has digest \(verified.digest.short)")
    }
    return verified
  }

  /// Puts verified bytes in place; nil are there already.
  func stage(_ verified: VerifiedPackage?) throws(HostError) {
    guard let verified else { return }
    do throws(ArchiveError) { try content.stage(verified) } catch { throw .archive(error) }
  }

  /// What the manifest of a version that is in place says.
  func manifest(_ digest: PackageDigest) throws(HostError) -> PackageDescriptor {
    do throws(ArchiveError) { return try content.manifest(digest: digest) } catch { throw .archive(error) }
  }

  /// What the code of a version that is in place may do: its digest vouches for that, and no row of the database.
  private func permissions(_ digest: PackageDigest) throws(HostError) -> PackagePermissions {
    do throws(ArchiveError) { return try content.permissions(digest: digest) } catch { throw .archive(error) }
  }

  /// The library's bytes, hashed once more; a missing or damaged folder is made anew from the store.
  private func library(_ digest: PackageDigest) throws(HostError) -> [UInt8] {
    let present: [UInt8]? = try? content.library(digest: digest)
    if let present { return present }
    try stage(try verify(digest))
    do throws(ArchiveError) { return try content.library(digest: digest) } catch { throw .archive(error) }
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

extension HostError {
  /// The files of a package could not be had; only the disk says nothing about the package.
  fileprivate static func archive(_ error: ArchiveError) -> HostError {
    HostError(code: error.code, message: error.message, isInfrastructure: error.reason == .storage)
  }
}
