import Glibc
import WorkflowModel

/// Reads time zones from the files of this machine.
enum ZoneFiles {
  enum Failure: Error, Equatable {
    /// There is no such zone, here or anywhere.
    case unknown(String)
    /// This machine cannot tell; another one may.
    case machine(String)
  }

  private static let standardFolder = "/usr/share/zoneinfo"
  /// More than any zone has.
  private static let sizeLimit = 1 << 20

  /// The rules of a zone such as `Europe/Berlin`; UTC needs no file.
  static func rules(named name: String) throws(Failure) -> TimeZoneRules {
    try rules(named: name, folder: standardFolder)
  }

  static func rules(named name: String, folder: String) throws(Failure) -> TimeZoneRules {
    if name == "UTC" || name == "Etc/UTC" { return .utc }
    guard isPlain(name) else { throw .unknown("'\(name)' is no name of a time zone; use one such as Europe/Berlin") }
    let bytes = try read(name, folder)
    do throws(TimeZoneError) { return try TimeZoneRules(tzif: bytes) } catch {
      throw .unknown("the time zone '\(name)' cannot be used: \(error)")
    }
  }

  /// Words of letters, digits, `+`, `-` and `_` with slashes between them: nothing that leaves the folder.
  static func isPlain(_ name: String) -> Bool {
    guard name.utf8.count <= 64 else { return false }
    return name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy { part in
      !part.isEmpty
        && part.allSatisfy { byte in
          switch byte {
          case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
          case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "_"): true
          default: false
          }
        }
    }
  }

  private static func read(_ name: String, _ folder: String) throws(Failure) -> [UInt8] {
    let file = open("\(folder)/\(name)", O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else {
      let reason = errno
      guard reason == ENOENT || reason == ENOTDIR else { throw .machine("\(folder)/\(name): \(text(reason))") }
      guard access(folder, F_OK) == 0 else {
        throw .machine("there are no time zones in \(folder); install the system's time zone data (tzdata)")
      }
      throw .unknown("there is no time zone '\(name)'; look in \(folder) for its name")
    }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= sizeLimit else {
      throw .unknown("'\(name)' is no time zone but something else in \(folder)")
    }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    var filled = 0
    while filled < bytes.count {
      let count = bytes.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress! + filled, $0.count - filled) }
      guard count > 0 else { throw .machine("\(folder)/\(name): \(count < 0 ? text(errno) : "it ends too early")") }
      filled += count
    }
    return bytes
  }

  private static func text(_ reason: Int32) -> String { String(cString: strerror(reason)) }
}
