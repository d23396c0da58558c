import Glibc

extension Folder {
  /// Writes a new file that nobody may change, down to the disk.
  func write(_ name: String, _ bytes: [UInt8]) throws(ArchiveError) {
    let file = openat(descriptor, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o444)
    guard file >= 0 else { throw Folder.failure("the file '\(path)/\(name)' cannot be made", errno) }
    let written = Folder.writeAll(bytes, to: file)
    let code = written ? 0 : errno
    let closed = close(file)
    guard written, closed == 0 else {
      throw Folder.failure("the file '\(path)/\(name)' cannot be written", written ? errno : code)
    }
  }

  private static func writeAll(_ bytes: [UInt8], to file: Int32) -> Bool {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress! + done, bytes.count - done) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return false }
      done += count
    }
    return fsync(file) == 0
  }

  /// Reads a plain file of exactly `size` bytes.
  func read(_ name: String, size: Int) throws(ArchiveError) -> [UInt8] {
    let (file, found) = try openFile(name)
    defer { _ = close(file) }
    guard found == size else {
      throw ArchiveError(.storedDamage, "the file '\(path)/\(name)' has \(found) bytes, not \(size)")
    }
    return try readAll(file, name, size)
  }

  /// Reads a plain file of at most `limit` bytes.
  func read(_ name: String, atMost limit: Int) throws(ArchiveError) -> [UInt8] {
    let (file, found) = try openFile(name)
    defer { _ = close(file) }
    guard found <= limit else {
      throw ArchiveError(.storedDamage, "the file '\(path)/\(name)' has \(found) bytes, more than \(limit)")
    }
    return try readAll(file, name, found)
  }

  private func openFile(_ name: String) throws(ArchiveError) -> (descriptor: Int32, size: Int) {
    let file = openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else { throw Folder.failure("the file '\(path)/\(name)' cannot be opened", errno) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      _ = close(file)
      throw ArchiveError(.storedDamage, "'\(path)/\(name)' is not a plain file")
    }
    return (file, Int(status.st_size))
  }

  private func readAll(_ file: Int32, _ name: String, _ size: Int) throws(ArchiveError) -> [UInt8] {
    var code: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        let answer = Glibc.read(file, buffer.baseAddress! + count, size - count)
        if answer < 0, errno == EINTR { continue }
        code = answer < 0 ? errno : 0
        guard answer > 0 else { return }
        count += answer
      }
    }
    if code != 0 { throw Folder.failure("the file '\(path)/\(name)' cannot be read", code) }
    guard bytes.count == size else {
      throw ArchiveError(.storedDamage, "the file '\(path)/\(name)' ends after \(bytes.count) of \(size) bytes")
    }
    return bytes
  }
}
