import Glibc

/// The little that building needs of the file system.
enum Files {
  /// Names in a folder, sorted by bytes, without `.` and `..`; empty when it cannot be read.
  static func list(_ folder: String) -> [String] {
    guard let handle = opendir(folder) else { return [] }
    defer { closedir(handle) }
    var names: [String] = []
    while let entry = readdir(handle) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
  }

  /// True for a folder itself, not for a link to one.
  static func isOwnFolder(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// - Throws: ``BuildError`` naming the file and the reason.
  static func read(_ path: String) throws(BuildError) -> [UInt8] {
    guard let file = fopen(path, "re") else {
      throw BuildError("CLO-B001", "\(path) cannot be read: \(String(cString: strerror(errno)))")
    }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      guard count > 0 else { break }
      bytes += chunk[..<count]
    }
    guard ferror(file) == 0 else { throw BuildError("CLO-B001", "\(path) cannot be read to its end") }
    return bytes
  }

  /// Writes a file under its final name only once it is whole.
  ///
  /// - Throws: ``BuildError`` naming the file and the reason.
  static func write(_ bytes: some Collection<UInt8>, to path: String) throws(BuildError) {
    let temporary = "\(path).tmp-\(getpid())-\(UInt32.random(in: .min ... .max))"
    let bytes = Array(bytes)
    guard let file = fopen(temporary, "we") else { throw failure(path) }
    let written = fwrite(bytes, 1, bytes.count, file)
    guard fclose(file) == 0, written == bytes.count, rename(temporary, path) == 0 else {
      let error = failure(path)
      unlink(temporary)
      throw error
    }
  }

  private static func failure(_ path: String) -> BuildError {
    BuildError("CLO-B002", "\(path) cannot be written: \(String(cString: strerror(errno)))")
  }

  /// A fresh folder that only this user can enter; its name starts with `prefix`.
  static func makePrivateFolder(_ prefix: String) throws(BuildError) -> String {
    var template = Array("\(prefix)XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw failure(prefix) }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Makes a folder and those above it.
  static func makeFolder(_ path: String) throws(BuildError) {
    if isFolder(path) { return }
    if let slash = path.lastIndex(of: "/"), slash != path.startIndex { try makeFolder(String(path[..<slash])) }
    guard mkdir(path, 0o755) == 0 || isFolder(path) else { throw failure(path) }
  }

  /// Removes a folder and everything in it; links are removed, not followed.
  static func remove(_ path: String) {
    for name in list(path) {
      let inner = "\(path)/\(name)"
      if isOwnFolder(inner) { remove(inner) } else { unlink(inner) }
    }
    rmdir(path)
  }

  /// The path without `.`, `..` and links; the path itself when it does not exist.
  static func resolve(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
