import Foundation
import Glibc
import Testing

@testable import PostgresStore

/// The proxy that people put before PostgreSQL, on a free port of loopback, with a configuration of its own.
final class PgBouncer {
  private static let program = "/usr/sbin/pgbouncer"
  /// False only where Debian's package is not there; `Scripts/setup` installs it.
  static let isInstalled = FileManager.default.isExecutableFile(atPath: program)

  let port: UInt16
  private let folder: String
  private let process = Process()

  /// Starts it before the server of `schema`, in pool mode `mode`.
  init(_ schema: TestSchema, mode: String) throws {
    folder = NSTemporaryDirectory() + "cloacina-pgbouncer-" + UUID().uuidString
    port = try PgBouncer.freePort()
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try write(
      "users.txt", "\"\(schema.user)\" \"\"\n")
    try write(
      "pgbouncer.ini",
      """
      [databases]
      * = host=\(schema.host) port=\(schema.port)
      [pgbouncer]
      listen_addr = 127.0.0.1
      listen_port = \(port)
      unix_socket_dir =
      auth_type = trust
      auth_file = \(folder)/users.txt
      pool_mode = \(mode)
      default_pool_size = 50
      """)
    process.executableURL = URL(fileURLWithPath: PgBouncer.program)
    process.arguments = ["-q", folder + "/pgbouncer.ini"]
    if getuid() == 0 {
      // It refuses to work for root.
      process.executableURL = URL(fileURLWithPath: "/usr/bin/setpriv")
      process.arguments =
        ["--reuid", "nobody", "--regid", "nogroup", "--clear-groups", PgBouncer.program] + process.arguments!
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder)
    }
    let log = folder + "/log"
    try write("log", "")
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle(forWritingAtPath: log)
    try process.run()
    let url = schema.url(port: port)
    try eventually("pgbouncer answers") {
      try #require(process.isRunning, "pgbouncer ended: \((try? String(contentsOfFile: log, encoding: .utf8)) ?? "")")
      return (try? PlainSession(try ConnectionSettings(url), path: nil)) != nil
    }
  }

  func stop() {
    // Signals that end it politely are blocked on threads such as this, and so in what they start.
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    try? FileManager.default.removeItem(atPath: folder)
  }

  private func write(_ name: String, _ text: String) throws {
    let path = folder + "/" + name
    try text.write(toFile: path, atomically: false, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
  }

  private static func freePort() throws -> UInt16 {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) { address in
      address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, length) + getsockname(socket, $0, &length)
      }
    }
    try #require(code == 0, "no free port on loopback")
    return UInt16(bigEndian: address.sin_port)
  }
}
