import Glibc
import PackageArchive

/// Where the packages of a database that is no file lie on this machine.
package enum CacheFolder {
  /// The folder of this database below the user's cache: `$XDG_CACHE_HOME/cloacina/…`, else `~/.cache/cloacina/…`.
  ///
  /// Its last part is derived from the URL without its password. Nodes of one user and database share it.
  /// - Parameter environment: looks a variable up; nil when it is unset or empty.
  /// - Throws: ``RuntimeError`` `.invalid` when no variable says where the user's files are.
  package static func standard(database: String, environment: (String) -> String?) throws(RuntimeError) -> String {
    let home = environment("HOME").map { "\($0)/.cache" }
    guard let base = [environment("XDG_CACHE_HOME"), home].compactMap({ $0 }).first(where: { $0.hasPrefix("/") }) else {
      throw RuntimeError(
        .invalid, code: "CLO-R011", "without HOME there is no folder to unpack packages in", fix: "pass --cache DIR")
    }
    let name: String
    do throws(ArchiveError) { name = try SHA256.hex(Array(DatabaseText.masked(database).utf8)) } catch {
      throw RuntimeError(error)
    }
    return "\(base)/cloacina/\(name.prefix(16))"
  }

  /// Makes the folder at `path` and those above it that are missing, for this user only.
  ///
  /// - Throws: ``RuntimeError`` `.invalid` naming the folder that cannot be made.
  package static func make(_ path: String) throws(RuntimeError) {
    var made = path.hasPrefix("/") ? "" : "."
    for part in path.split(separator: "/", omittingEmptySubsequences: true) {
      made += "/" + part
      guard mkdir(made, 0o700) == 0 || errno == EEXIST || access(made, F_OK) == 0 else {
        throw RuntimeError(
          .invalid, code: "CLO-R012", "the folder '\(made)' cannot be made: \(String(cString: strerror(errno)))",
          fix: "check the path and its permissions")
      }
    }
  }

  /// A variable of this process's environment; nil when it is unset or empty.
  static func environment(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
  }
}
