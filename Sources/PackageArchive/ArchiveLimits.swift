/// Bounds that hold while an archive is read; whatever passes one of them is refused at once.
package struct ArchiveLimits: Sendable, Equatable {
  /// Bytes of the archive as it is.
  package var compressedBytes = 256 << 20
  /// Bytes of everything that was unpacked.
  package var totalBytes = 512 << 20
  /// Bytes of one member.
  package var entryBytes = 256 << 20
  /// Members and folders.
  package var entries = 64
  /// Unpacked bytes for each compressed one, once a first MiB is unpacked.
  package var ratio = 200
  /// Bytes of `statement` and of `metadata.json`, each.
  package var headerBytes = 1 << 20
  /// Bytes of `manifest.toml`.
  package var manifestBytes = 16 << 20

  package init() {}

  /// The unpacked bytes that an archive of `count` bytes may have.
  func unpackedLimit(compressed count: Int) -> Int {
    let (product, overflow) = count.multipliedReportingOverflow(by: ratio)
    return min(totalBytes, max(1 << 20, overflow ? .max : product))
  }
}
