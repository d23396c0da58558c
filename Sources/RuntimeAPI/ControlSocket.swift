import CLinux
import Glibc

/// Where a daemon listens, and how both ends open that socket.
package enum ControlSocket {
  /// Longest path that fits `sun_path` with its terminating zero.
  static let pathLimit = 107

  /// Paths a daemon of this database may listen on, best first: beside the database, else a short path
  /// derived from it.
  ///
  /// - Parameters:
  ///   - database: path of the database file; it need not exist.
  ///   - runtimeFolder: the value of `XDG_RUNTIME_DIR`, if set.
  package static func candidates(database: String, runtimeFolder: String?) -> [String] {
    let beside = canonical(database) + ".sock"
    if beside.utf8.count <= pathLimit { return [beside] }
    let name = "cloacina-\(geteuid())-\(String(fingerprint(beside), radix: 16)).sock"
    return ([runtimeFolder, "/tmp"].compactMap { $0 }).filter { $0.hasPrefix("/") }.map { "\($0)/\(name)" }
      .filter { $0.utf8.count <= pathLimit }
  }

  /// The absolute path without symbolic links, also for a file that does not exist yet.
  package static func canonical(_ path: String) -> String {
    if let real = resolved(path) { return real }
    guard let slash = path.lastIndex(of: "/") else { return (resolved(".") ?? ".") + "/" + path }
    let folder = slash == path.startIndex ? "/" : String(path[..<slash])
    let parent = resolved(folder) ?? folder
    return (parent == "/" ? "" : parent) + path[slash...]
  }

  private static func resolved(_ path: String) -> String? {
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
  }

  /// FNV-1a, 64 bits.
  private static func fingerprint(_ text: String) -> UInt64 {
    text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
  }

  /// A connected descriptor; nil when nobody listens there.
  ///
  /// - Throws: ``FrameError`` when somebody does but must not be talked to, or the connection fails otherwise.
  static func connect(_ path: String) throws(FrameError) -> Int32? {
    let descriptor = try open()
    let code = withAddress(path) { Glibc.connect(descriptor, $0, $1) }
    guard code == 0 else {
      let reason = errno
      close(descriptor)
      if reason == ENOENT || reason == ECONNREFUSED || reason == ENOTDIR { return nil }
      throw FrameError("connecting to \(path) failed: \(SocketStream.reason(reason))")
    }
    guard isTrusted(descriptor) else {
      close(descriptor)
      throw FrameError("the process listening on \(path) belongs to another user")
    }
    return descriptor
  }

  /// A listening descriptor on `path`, mode 0600; a file left there is replaced.
  ///
  /// To be called only while the database's lock is held: then no living daemon of this database listens there.
  static func listen(_ path: String) throws(FrameError) -> Int32 {
    let descriptor = try open()
    unlink(path)
    // The mode of the descriptor becomes the mode of the file that bind creates.
    let isBound =
      fchmod(descriptor, 0o600) == 0 && withAddress(path) { bind(descriptor, $0, $1) } == 0
      && Glibc.listen(descriptor, 64) == 0
    guard isBound else {
      let reason = errno
      close(descriptor)
      throw FrameError("listening on \(path) failed: \(SocketStream.reason(reason))")
    }
    return descriptor
  }

  /// True when the peer is this user or root.
  static func isTrusted(_ descriptor: Int32) -> Bool {
    var user: uid_t = 0
    guard cloacina_peer_user(descriptor, &user) == 0 else { return false }
    return user == geteuid() || user == 0
  }

  private static func open() throws(FrameError) -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw FrameError("no socket could be made: \(SocketStream.reason(errno))") }
    return descriptor
  }

  private static func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    guard path.utf8.count <= pathLimit else {
      errno = ENAMETOOLONG
      return -1
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
  }
}
