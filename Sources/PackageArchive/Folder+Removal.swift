import Glibc

extension Folder {
  /// The names in this folder, without `.` and `..`.
  func names() throws(ArchiveError) -> [String] {
    let again = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard again >= 0, let stream = fdopendir(again) else {
      let code = errno
      if again >= 0 { _ = close(again) }
      throw Folder.failure("the folder '\(path)' cannot be listed", code)
    }
    defer { _ = closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else { break }
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != ".", name != ".." { names.append(name) }
    }
    guard errno == 0 else { throw Folder.failure("the folder '\(path)' cannot be listed", errno) }
    return names
  }

  /// Removes what has this name, a folder with everything below it; links are removed, not followed.
  ///
  /// Something that is not there, or that somebody else removes meanwhile, is no error.
  func remove(_ name: String) throws(ArchiveError) {
    if unlinkat(descriptor, name, 0) == 0 || errno == ENOENT { return }
    guard errno == EISDIR || errno == EPERM else { throw Folder.failure("'\(path)/\(name)' cannot be removed", errno) }
    try empty(name)
    guard unlinkat(descriptor, name, AT_REMOVEDIR) == 0 || errno == ENOENT else {
      throw Folder.failure("the folder '\(path)/\(name)' cannot be removed", errno)
    }
  }

  private func empty(_ name: String) throws(ArchiveError) {
    let opened: Folder
    do throws(ArchiveError) { opened = try folder(name) } catch {
      if contains(name) { throw error }
      return
    }
    for entry in try opened.names() { try opened.remove(entry) }
  }
}
