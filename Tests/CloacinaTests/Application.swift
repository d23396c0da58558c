import Cloacina
import Foundation
import Testing

/// A folder with a database for one test, removed with it.
final class Application: Sendable {
  let folder: String
  let database: String

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "cloacina-embedded-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    database = "sqlite:\(folder)/app.db"
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// - Parameter change: changes the options before they are used.
  func open(_ change: (inout Cloacina.Options) -> Void = { _ in }) throws(CloacinaError) -> Cloacina {
    try Cloacina.open(database: database, options: Application.options(change))
  }

  static func options(_ change: (inout Cloacina.Options) -> Void = { _ in }) -> Cloacina.Options {
    var options = Cloacina.Options()
    options.runner = SampleArchives.runner
    options.drain = .seconds(1)
    options.logLevel = .error
    change(&options)
    return options
  }

  static func task(_ task: String, tenant: String = "public") throws(CloacinaError) -> TaskNamespace {
    try TaskNamespace(tenant: tenant, package: SampleArchives.name, workflow: "data_processing", task: task)
  }
}

/// Runs what blocks on a thread that may be blocked, for a test that is asynchronous.
func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    Thread { continuation.resume(with: Result { try body() }) }.start()
  }
}
