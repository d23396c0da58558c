import CArchive

/// Takes a tar apart: plain files and folders with plain names, and nothing else.
struct TarReader {
  /// What a tar holds, in its order.
  struct Listing {
    var members: [ArchiveMember] = []
    var folders: [String] = []
  }

  private let limits: ArchiveLimits
  private let tarCount: Int
  private var listing = Listing()
  private var foldedNames: Set<String> = []

  static func read(_ tar: [UInt8], limits: ArchiveLimits) throws(ArchiveError) -> Listing {
    try tar.withUnsafeBufferPointer { buffer throws(ArchiveError) in
      var reader = TarReader(limits: limits, tarCount: buffer.count)
      try reader.run(buffer)
      return reader.listing
    }
  }

  private init(limits: ArchiveLimits, tarCount: Int) {
    self.limits = limits
    self.tarCount = tarCount
  }

  private mutating func run(_ tar: UnsafeBufferPointer<UInt8>) throws(ArchiveError) {
    let handle = try ReadHandle()
    try handle.check(archive_read_support_format_tar(handle.pointer), "tar cannot be read")
    try handle.check(archive_read_open_memory(handle.pointer, tar.baseAddress, tar.count), "the archive is no tar")
    var entry: OpaquePointer?
    while true {
      let answer = archive_read_next_header(handle.pointer, &entry)
      if answer == ARCHIVE_EOF { break }
      try handle.check(answer, "the tar is damaged after \(listing.members.count) members")
      guard let entry else { throw handle.failure("the tar is damaged") }
      try take(entry, from: handle)
    }
    let rest = tar[min(handle.position(ofFilter: 0), tar.count)...]
    guard rest.allSatisfy({ $0 == 0 }) else {
      throw ArchiveError(.trailingBytes, "\(rest.count) bytes that are not zero follow the end of the tar")
    }
  }

  private mutating func take(_ entry: OpaquePointer, from handle: borrowing ReadHandle) throws(ArchiveError) {
    guard listing.members.count + listing.folders.count < limits.entries else {
      throw ArchiveError(.tooManyEntries, "the archive has more than \(limits.entries) members")
    }
    let isFolder = EntryKind.isFolder(entry)
    let name = try name(entry, isFolder: isFolder)
    try EntryKind.checkPlain(entry, name: name)
    guard foldedNames.insert(name.lowercased()).inserted else {
      throw ArchiveError(.duplicateMember, "'\(name)' is in the archive twice, or differs from another by case alone")
    }
    if isFolder {
      listing.folders.append(name)
    } else {
      listing.members.append(ArchiveMember(path: name, bytes: try bytes(entry, name, from: handle)))
    }
  }

  private func name(_ entry: OpaquePointer, isFolder: Bool) throws(ArchiveError) -> String {
    guard let path = archive_entry_pathname(entry) else {
      throw ArchiveError(.memberName, "member \(listing.members.count + 1) has no name that can be read")
    }
    var text = Substring(String(cString: path))
    if isFolder, text.hasSuffix("/") { text = text.dropLast() }
    try MemberName.check(text.utf8)
    return String(text)
  }

  private func bytes(
    _ entry: OpaquePointer, _ name: String, from handle: borrowing ReadHandle
  ) throws(ArchiveError) -> [UInt8] {
    let size = archive_entry_size_is_set(entry) != 0 ? Int(archive_entry_size(entry)) : -1
    guard size >= 0, size <= tarCount else {
      throw ArchiveError(.damaged, "'\(name)' is said to have \(size) bytes, in a tar of \(tarCount)")
    }
    guard size <= limits.entryBytes else {
      throw ArchiveError(.tooLarge, "'\(name)' has \(size) bytes; at most \(limits.entryBytes) are allowed")
    }
    var answer = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        answer = archive_read_data(handle.pointer, buffer.baseAddress! + count, size - count)
        guard answer > 0 else { return }
        count += answer
      }
    }
    guard bytes.count == size, answer >= 0 else { throw handle.failure("'\(name)' ends after \(bytes.count) bytes") }
    return bytes
  }
}
