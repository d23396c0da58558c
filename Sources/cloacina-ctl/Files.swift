import Glibc

/// Local files, read and made whole.
enum Files {
  /// Largest file that is read, in bytes.
  static let cap = 256 << 20

  /// The bytes of a file, or of standard input for `-`.
  static func read(_ path: String, what: String, cap: Int = Files.cap) throws(CommandError) -> [UInt8] {
    let name = path == "-" ? "standard input" : path
    var bytes: [UInt8] = []
    try readPieces(path, what: what) { piece throws(CommandError) in
      bytes += piece
      guard bytes.count <= cap else { throw .invalid("CLO-C002", "\(what) \(name) is larger than \(cap >> 20) MiB") }
    }
    return bytes
  }

  /// Hands over a file, or standard input for `-`, piece by piece.
  static func readPieces(_ path: String, what: String, _ take: (ArraySlice<UInt8>) throws(CommandError) -> Void)
    throws(CommandError)
  {
    let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failed(what, path, errno) }
    defer { if descriptor != STDIN_FILENO { close(descriptor) } }
    var piece = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = Glibc.read(descriptor, &piece, piece.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failed(what, path == "-" ? "standard input" : path, errno) }
      if count == 0 { return }
      try take(piece[..<count])
    }
  }

  /// True for a plain file, which can be read again from its start.
  static func isPlain(_ path: String) -> Bool {
    var facts = stat()
    return stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG
  }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  private static func failed(_ what: String, _ path: String, _ reason: Int32) -> CommandError {
    .invalid(
      "CLO-C002", "\(what) '\(path)' cannot be used: \(String(cString: strerror(reason)))",
      fix: "check the path and its permissions")
  }
}
