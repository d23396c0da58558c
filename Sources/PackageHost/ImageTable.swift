import Synchronization
package import WorkflowModel

/// The libraries mapped into this process. None is ever unmapped, so each digest is mapped once and used again, and
/// their number is limited.
package final class ImageTable: Sendable {
  /// Of the whole process, whoever maps: the address space is one.
  package static let ofProcess = ImageTable()

  /// What a library is refused with when as many are mapped as may be.
  package static let fullCode = "CLO-P100"

  private enum Content {
    case image(Image)
    /// Mapped, and then found to be no package of ours.
    case refused(HostError)
  }

  private struct Entry {
    var content: Content
    var bytes: Int
    /// Hosts between ``take`` and ``giveBack(_:)``.
    var users = 0
  }

  private let entries = Mutex<[PackageDigest: Entry]>([:])
  /// Held while foreign code is mapped, started or stopped; never to answer a question.
  private let working = Mutex<Void>(())

  package init() {}

  /// How many there are now, against `limit`.
  package func use(limit: Int) -> ImageUse {
    entries.withLock { ImageUse(count: $0.count, bytes: $0.values.reduce(0) { $0 + $1.bytes }, limit: limit) }
  }

  /// The started image of `digest`, mapped unless it is already.
  ///
  /// - Throws: ``HostError`` `CLO-P100` when `limit` libraries are mapped already.
  func take(_ digest: PackageDigest, _ library: [UInt8], limit: Int) throws(HostError) -> Image {
    let result = working.withLock { _ -> Result<Image, HostError> in
      do throws(HostError) { return .success(try started(digest, library, limit: limit)) } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// Ends the package's instance after its last user; the library stays mapped.
  func giveBack(_ digest: PackageDigest) {
    working.withLock { _ in
      let unused = entries.withLock { entries -> Image? in
        entries[digest]?.users -= 1
        guard let entry = entries[digest], entry.users == 0, case .image(let image) = entry.content else { return nil }
        return image
      }
      unused?.stop()
    }
  }

  private func started(_ digest: PackageDigest, _ library: [UInt8], limit: Int) throws(HostError) -> Image {
    let known = entries.withLock { $0[digest] }
    let image: Image
    switch known?.content {
    case .refused(let error): throw error
    case .image(let mapped): image = mapped
    case nil: image = try map(digest, library, limit: limit)
    }
    if known?.users ?? 0 == 0 { try image.start() }
    entries.withLock { $0[digest]?.users += 1 }
    return image
  }

  private func map(_ digest: PackageDigest, _ library: [UInt8], limit: Int) throws(HostError) -> Image {
    let count = entries.withLock { $0.count }
    guard count < limit else {
      throw HostError(
        code: ImageTable.fullCode,
        message: """
          this process has mapped \(count) libraries, \(limit) is how many it may, and none can be unmapped; register \
          the package with runner isolation, restart the process, or raise its limit (serve --images, Options.images)
          """, isInfrastructure: true)
    }
    let content: Content
    var refusal: HostError?
    do throws(Image.Refusal) { content = .image(try Image(library, name: "cloacina-\(digest.short)")) } catch {
      guard error.isMapped else { throw error.error }
      content = .refused(error.error)
      refusal = error.error
    }
    entries.withLock { $0[digest] = Entry(content: content, bytes: library.count) }
    if let refusal { throw refusal }
    guard case .image(let image) = content else { preconditionFailure("an image without a refusal is an image") }
    return image
  }
}
