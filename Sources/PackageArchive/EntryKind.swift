import CArchive

/// What libarchive says of the kind of one entry.
enum EntryKind {
  private static let typeMask: UInt32 = 0o170000
  private static let regular: UInt32 = 0o100000
  private static let folder: UInt32 = 0o040000
  private static let anyAccessList: Int32 = 0x0100 | 0x0200 | 0x3C00

  static func isFolder(_ entry: OpaquePointer) -> Bool { type(entry) == folder && !isLink(entry) }

  /// Refuses everything that is more than a name and bytes.
  static func checkPlain(_ entry: OpaquePointer, name: String) throws(ArchiveError) {
    if let fault = fault(entry) {
      throw ArchiveError(.memberKind, "'\(name)' \(fault); only plain files are allowed")
    }
  }

  private static func type(_ entry: OpaquePointer) -> UInt32 { UInt32(archive_entry_filetype(entry)) & typeMask }

  private static func isLink(_ entry: OpaquePointer) -> Bool {
    archive_entry_hardlink(entry) != nil || archive_entry_symlink(entry) != nil
  }

  private static func fault(_ entry: OpaquePointer) -> String? {
    if archive_entry_hardlink(entry) != nil { return "is a hard link" }
    if let kind = specialKinds[type(entry)] { return "is \(kind)" }
    if archive_entry_symlink(entry) != nil { return "is a symbolic link" }
    guard type(entry) == regular || type(entry) == folder else { return "is of no known kind" }
    if archive_entry_sparse_count(entry) > 0 { return "is a sparse file" }
    if archive_entry_xattr_count(entry) > 0 { return "has extended attributes" }
    if archive_entry_acl_count(entry, anyAccessList) > 0 { return "has an access list" }
    if archive_entry_fflags_text(entry) != nil { return "has file flags" }
    if UInt32(archive_entry_perm(entry)) & 0o7000 != 0 { return "has set-user-id, set-group-id or sticky bits" }
    return nil
  }

  private static let specialKinds: [UInt32: String] = [
    0o120000: "a symbolic link", 0o020000: "a character device", 0o060000: "a block device", 0o010000: "a fifo",
    0o140000: "a socket",
  ]
}
