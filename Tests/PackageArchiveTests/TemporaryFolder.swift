import Foundation

/// A folder that is gone with its last use.
final class TemporaryFolder {
  let path = FileManager.default.temporaryDirectory.path + "/cloacina-\(UUID().uuidString)"

  init() {
    do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
      fatalError("no folder for the test: \(error)")
    }
  }

  /// Changes the text of a file in it, whatever its mode says.
  func overwrite(_ file: String, _ change: (String) -> String) throws {
    let full = path + "/" + file
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: full)
    try change(String(contentsOfFile: full, encoding: .utf8)).write(toFile: full, atomically: false, encoding: .utf8)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
