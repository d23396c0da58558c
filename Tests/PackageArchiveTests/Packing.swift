import CArchive

/// Writes whatever libarchive can write, for inputs that must be refused and for honest compression.
enum Packing {
  typealias Setting = (OpaquePointer?) -> Int32

  private final class Sink { var bytes: [UInt8] = [] }

  static func zstd(_ bytes: [UInt8]) -> [UInt8] {
    write([("data", bytes)], format: archive_write_set_format_raw, filter: archive_write_add_filter_zstd)
  }

  static func gzip(_ bytes: [UInt8]) -> [UInt8] {
    write([("data", bytes)], format: archive_write_set_format_raw, filter: archive_write_add_filter_gzip)
  }

  static func write(
    _ files: [(name: String, bytes: [UInt8])], format: Setting, filter: Setting = archive_write_add_filter_none
  ) -> [UInt8] {
    let sink = Sink()
    let archive = archive_write_new()
    defer { archive_write_free(archive) }
    require(format(archive))
    require(filter(archive))
    require(archive_write_set_bytes_in_last_block(archive, 1))
    require(
      archive_write_open2(
        archive, Unmanaged.passUnretained(sink).toOpaque(), nil,
        { _, context, bytes, count in
          let sink = Unmanaged<Sink>.fromOpaque(context!).takeUnretainedValue()
          sink.bytes.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
          return count
        }, nil, nil))
    for file in files { add(file.name, file.bytes, to: archive) }
    require(archive_write_close(archive))
    return sink.bytes
  }

  private static func add(_ name: String, _ bytes: [UInt8], to archive: OpaquePointer?) {
    let entry = archive_entry_new()
    defer { archive_entry_free(entry) }
    archive_entry_set_pathname(entry, name)
    archive_entry_set_filetype(entry, 0o100000)
    archive_entry_set_perm(entry, 0o644)
    archive_entry_set_size(entry, Int64(bytes.count))
    require(archive_write_header(archive, entry))
    precondition(archive_write_data(archive, bytes, bytes.count) == bytes.count)
  }

  private static func require(_ answer: Int32) { precondition(answer == ARCHIVE_OK, "libarchive answered \(answer)") }
}
