import Glibc

/// An open folder; everything below it is reached from its descriptor and never through a symbolic link.
struct Folder: ~Copyable {
  let descriptor: Int32
  /// For messages only.
  let path: String

  private init(descriptor: Int32, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  // Nothing is written through a folder's descriptor that closing could still lose.
  deinit { _ = close(descriptor) }

  /// Opens the folder at `path`, which its owner may have made a symbolic link.
  static func open(_ path: String) throws(ArchiveError) -> Folder {
    let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("the folder '\(path)' cannot be opened", errno) }
    return Folder(descriptor: descriptor, path: path)
  }

  /// Makes the folder at `path` for its owner alone unless it is there, and opens it.
  static func make(_ path: String) throws(ArchiveError) -> Folder {
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
      throw failure("the folder '\(path)' cannot be made", errno)
    }
    return try open(path)
  }

  /// Opens a folder inside of this one.
  func folder(_ name: String) throws(ArchiveError) -> Folder {
    let opened = openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard opened >= 0 else { throw Folder.failure("the folder '\(path)/\(name)' cannot be opened", errno) }
    return Folder(descriptor: opened, path: "\(path)/\(name)")
  }

  /// Makes a folder for its owner alone; an error when something has this name, unless `mayExist`.
  func make(_ name: String, mayExist: Bool = false) throws(ArchiveError) {
    guard mkdirat(descriptor, name, 0o700) == 0 || (mayExist && errno == EEXIST) else {
      throw Folder.failure("the folder '\(path)/\(name)' cannot be made", errno)
    }
  }

  /// When what has this name was last changed, in milliseconds since 1970; nil when there is nothing.
  func modificationTime(of name: String) -> Int64? {
    var status = stat()
    guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
    return Int64(status.st_mtim.tv_sec) * 1000 + Int64(status.st_mtim.tv_nsec) / 1_000_000
  }

  /// True when something has this name, also a dangling link.
  func contains(_ name: String) -> Bool { faccessat(descriptor, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 }

  /// Renames within this folder; false when the new name is taken.
  func rename(_ name: String, to newName: String) throws(ArchiveError) -> Bool {
    if renameat(descriptor, name, descriptor, newName) == 0 { return true }
    if errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR { return false }
    throw Folder.failure("'\(path)/\(name)' cannot be renamed to '\(newName)'", errno)
  }

  /// Renames within this folder to a name that nothing has; what is not there any more is no error.
  func moveAside(_ name: String, to newName: String) throws(ArchiveError) {
    guard renameat(descriptor, name, descriptor, newName) == 0 || errno == ENOENT else {
      throw Folder.failure("'\(path)/\(name)' cannot be renamed to '\(newName)'", errno)
    }
  }

  /// Makes what happened in this folder last through a loss of power.
  func sync() throws(ArchiveError) {
    guard fsync(descriptor) == 0 else { throw Folder.failure("the folder '\(path)' cannot be written to disk", errno) }
  }

  /// Locks the folder against others who lock it, for the life of this value; false when it is locked already.
  func lock() throws(ArchiveError) -> Bool {
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
    if errno == EWOULDBLOCK { return false }
    throw Folder.failure("the folder '\(path)' cannot be locked", errno)
  }

  /// False once the folder has been removed.
  func isLinked() throws(ArchiveError) -> Bool {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Folder.failure("'\(path)' cannot be examined", errno) }
    return status.st_nlink > 0
  }

  static func failure(_ what: String, _ code: Int32) -> ArchiveError {
    ArchiveError(.storage, "\(what): \(String(cString: strerror(code)))")
  }
}
