import CArchive

/// Unpacks the one zstd or gzip stream that a package is, with every bound enforced while it runs.
struct Decompressor {
  private let limits: ArchiveLimits

  /// The tar inside of `bytes`.
  static func expand(_ bytes: [UInt8], limits: ArchiveLimits) throws(ArchiveError) -> [UInt8] {
    guard bytes.count <= limits.compressedBytes else {
      throw ArchiveError(
        .tooLarge, "the archive has \(bytes.count) bytes; at most \(limits.compressedBytes) are allowed")
    }
    let filter = try Decompressor.filter(of: bytes)
    return try bytes.withUnsafeBufferPointer { buffer throws(ArchiveError) in
      try Decompressor(limits: limits).run(buffer, filter: filter)
    }
  }

  private static func filter(of bytes: [UInt8]) throws(ArchiveError) -> Int32 {
    if bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) { return ARCHIVE_FILTER_ZSTD }
    if bytes.starts(with: [0x1F, 0x8B]) { return ARCHIVE_FILTER_GZIP }
    let what = bytes.isEmpty ? "the archive is empty" : "the archive is compressed with neither zstd nor gzip"
    throw ArchiveError(.unknownFormat, "\(what) (\(bytes.count) bytes)")
  }

  /// The filter is set, not guessed, so that nothing nested is unpacked; the `raw` format hands the stream through.
  private func run(_ source: UnsafeBufferPointer<UInt8>, filter: Int32) throws(ArchiveError) -> [UInt8] {
    let handle = try ReadHandle()
    try handle.check(archive_read_append_filter(handle.pointer, filter), "the decompressor cannot be used")
    try handle.check(archive_read_support_format_raw(handle.pointer), "the decompressor cannot be used")
    try handle.check(
      archive_read_open_memory(handle.pointer, source.baseAddress, source.count), "the archive cannot be unpacked")
    var entry: OpaquePointer?
    try handle.check(archive_read_next_header(handle.pointer, &entry), "the archive cannot be unpacked")
    let tar = try collect(handle, compressed: source.count)
    let used = handle.position(ofFilter: -1)
    guard used == source.count else {
      throw ArchiveError(.trailingBytes, "the archive ends after \(used) bytes, and \(source.count - used) more follow")
    }
    return tar
  }

  private func collect(_ handle: borrowing ReadHandle, compressed: Int) throws(ArchiveError) -> [UInt8] {
    let limit = limits.unpackedLimit(compressed: compressed)
    var out: [UInt8] = []
    while true {
      var block: UnsafeRawPointer?
      var count = 0
      var offset: Int64 = 0
      let answer = archive_read_data_block(handle.pointer, &block, &count, &offset)
      if answer == ARCHIVE_EOF { return out }
      try handle.check(answer, "the archive cannot be unpacked after \(out.count) bytes")
      guard count <= limit - out.count else { throw excess(limit, compressed) }
      out.append(contentsOf: UnsafeRawBufferPointer(start: block, count: count))
    }
  }

  private func excess(_ limit: Int, _ compressed: Int) -> ArchiveError {
    if limit == limits.totalBytes {
      return ArchiveError(.tooLarge, "the archive unpacks to more than \(limit) bytes")
    }
    return ArchiveError(
      .ratio, "\(compressed) bytes unpack to more than \(limit), \(limits.ratio) times as much is allowed")
  }
}
