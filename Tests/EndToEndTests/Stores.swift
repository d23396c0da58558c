import Foundation
import Testing
import WorkflowModel

/// What a test that must hold on either store is run on.
enum Store: String, CaseIterable, Sendable {
  case sqlite, postgres
}

extension Workspace {
  /// A folder of its own, with a database file in it or beside a schema in the PostgreSQL that the tests were given.
  /// Commands and a daemon are started alike on both.
  convenience init(on store: Store) throws {
    if store == .sqlite {
      try self.init()
      return
    }
    let server = try #require(
      ProcessInfo.processInfo.environment["CLOACINA_TEST_POSTGRES"],
      "start the tests with Scripts/test, which gives them a PostgreSQL")
    let schema = "e2e_" + UUID().uuidString.filter { $0 != "-" }.lowercased()
    try self.init(databaseURL: server + (server.contains("?") ? "&" : "?") + "schema=" + schema)
    let folder = folder
    ask = { statement in
      var environment = ProcessInfo.processInfo.environment
      environment["PGOPTIONS"] = "-c search_path=\(schema)"
      let shell = try RunningCommand(
        "/usr/bin/psql", ["-XqAt", "--set", "ON_ERROR_STOP=1", "--dbname", server, "--command", statement],
        environment: environment, in: folder)
      let result = shell.finish()
      try #require(result.status == 0, "\(statement): \(result.errors)")
      return result.output.trimmingCharacters(in: .newlines)
    }
    lastStatement = "DROP SCHEMA IF EXISTS \(schema) CASCADE"
  }

  /// Folders of a version's unpacked files, wherever the store has them.
  func unpacked(_ digest: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder).filter { $0.hasSuffix("/\(digest)") }
  }
}
