import Glibc

/// Local files, read and made whole.
enum Files {
  /// Largest file that is read, in bytes.
  static let cap = 256 << 20

  /// The bytes of a file, or of standard input for `-`.
  static func read(_ path: String, what: String) throws(CommandError) -> [UInt8] {
    if path == "-" { return try drain(STDIN_FILENO, "standard input", what) }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failed(what, path, errno) }
    defer { close(descriptor) }
    return try drain(descriptor, path, what)
  }

  /// Makes the folder and those above it, readable by this user only.
  static func makeFolder(_ path: String) throws(CommandError) {
    var made = ""
    for part in path.split(separator: "/", omittingEmptySubsequences: true) {
      made += "/" + part
      guard mkdir(made, 0o700) == 0 || errno == EEXIST || exists(made) else { throw failed("folder", made, errno) }
    }
  }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  private static func drain(_ descriptor: Int32, _ name: String, _ what: String) throws(CommandError) -> [UInt8] {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = Glibc.read(descriptor, &piece, piece.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failed(what, name, errno) }
      if count == 0 { return bytes }
      bytes.append(contentsOf: piece[..<count])
      guard bytes.count <= cap else {
        throw .invalid("CLO-C002", "\(what) \(name) is larger than \(cap >> 20) MiB")
      }
    }
  }

  private static func failed(_ what: String, _ path: String, _ reason: Int32) -> CommandError {
    .invalid(
      "CLO-C002", "\(what) '\(path)' cannot be used: \(String(cString: strerror(reason)))",
      fix: "check the path and its permissions")
  }
}
