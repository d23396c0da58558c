import CArchive

/// A reading handle of libarchive with nothing enabled; freed at the end of its life.
struct ReadHandle: ~Copyable {
  let pointer: OpaquePointer

  init() throws(ArchiveError) {
    guard let pointer = archive_read_new() else { throw ArchiveError(.writing, "memory ran out") }
    self.pointer = pointer
  }

  // Freeing reports errors of closing, and there is nothing left to close with memory as the source.
  deinit { _ = archive_read_free(pointer) }

  /// Checks the answer of a call that must succeed without so much as a warning.
  func check(_ answer: Int32, _ what: String) throws(ArchiveError) {
    guard answer == ARCHIVE_OK else { throw failure(what) }
  }

  /// What libarchive has to say of the failure it reported last.
  func failure(_ what: String) -> ArchiveError {
    let reason = archive_error_string(pointer).map { String(cString: $0) } ?? "no reason was given"
    return ArchiveError(.damaged, "\(what): \(reason)")
  }

  /// Bytes that the last filter, counted from the far end with -1 for the source, has handed on.
  func position(ofFilter index: Int32) -> Int { Int(archive_filter_bytes(pointer, index)) }
}
