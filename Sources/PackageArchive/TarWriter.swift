import CArchive

/// Writes members into a tar that says nothing of the machine, the person or the moment it was made on.
struct TarWriter: ~Copyable {
  /// Collects what libarchive writes.
  private final class Sink {
    var bytes: [UInt8] = []
  }

  private let handle: OpaquePointer
  private let sink = Sink()

  /// The compressed tar with `members` in their order, each dated `modifiedAt` (seconds since 1970).
  static func write(_ members: [ArchiveMember], modifiedAt: Int64) throws(ArchiveError) -> [UInt8] {
    let writer = try TarWriter()
    try writer.open()
    for member in members { try writer.add(member, modifiedAt: modifiedAt) }
    try writer.check(archive_write_close(writer.handle))
    return writer.sink.bytes
  }

  private init() throws(ArchiveError) {
    guard let handle = archive_write_new() else { throw ArchiveError(.writing, "memory ran out") }
    self.handle = handle
  }

  // Closing is checked where writing ends; after an error there is nothing to be said any more.
  deinit { _ = archive_write_free(handle) }

  private func open() throws(ArchiveError) {
    try check(archive_write_set_format_pax_restricted(handle))
    try check(archive_write_add_filter_zstd(handle))
    try check(archive_write_set_bytes_in_last_block(handle, 1))
    let opened = archive_write_open2(
      handle, Unmanaged.passUnretained(sink).toOpaque(), nil,
      { _, context, bytes, count in
        guard let context else { return -1 }
        let sink = Unmanaged<Sink>.fromOpaque(context).takeUnretainedValue()
        sink.bytes.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
        return count
      }, nil, nil)
    try check(opened)
  }

  private func add(_ member: ArchiveMember, modifiedAt: Int64) throws(ArchiveError) {
    guard let entry = archive_entry_new() else { throw ArchiveError(.writing, "memory ran out") }
    defer { archive_entry_free(entry) }
    archive_entry_set_pathname(entry, member.path)
    archive_entry_set_filetype(entry, 0o100000)
    archive_entry_set_perm(entry, member.path.hasPrefix("lib/") ? 0o755 : 0o644)
    archive_entry_set_uid(entry, 0)
    archive_entry_set_gid(entry, 0)
    archive_entry_set_mtime(entry, time_t(modifiedAt), 0)
    archive_entry_set_size(entry, Int64(member.bytes.count))
    try check(archive_write_header(handle, entry))
    guard archive_write_data(handle, member.bytes, member.bytes.count) == member.bytes.count else { throw failure() }
    try check(archive_write_finish_entry(handle))
  }

  private func check(_ answer: Int32) throws(ArchiveError) {
    guard answer == ARCHIVE_OK else { throw failure() }
  }

  private func failure() -> ArchiveError {
    let reason = archive_error_string(handle).map { String(cString: $0) } ?? "no reason was given"
    return ArchiveError(.writing, "the archive could not be written: \(reason)")
  }
}
