import Foundation
import WorkflowModel

/// What a command printed and how it ended.
struct CommandResult {
  var status: Int32
  var output: String
  var errors: String

  /// The output as one JSON value.
  var json: JSONValue {
    get throws { try JSONReader.read(output) }
  }
}

/// A command that was started and may still run.
///
/// It writes to files, not to pipes: a pipe would be inherited by whatever else is started at the same moment, and
/// would then not end with the command.
final class RunningCommand {
  let process = Process()
  private let outputPath: String
  private let errorsPath: String

  init(
    _ executable: String, _ arguments: [String], environment: [String: String], input: String? = nil, in folder: String
  ) throws {
    let stem = "\(folder)/command-\(UUID().uuidString)"
    outputPath = "\(stem).out"
    errorsPath = "\(stem).err"
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = arguments
    process.environment = environment
    process.standardOutput = try RunningCommand.create(outputPath)
    process.standardError = try RunningCommand.create(errorsPath)
    process.standardInput = try RunningCommand.reading(input, "\(stem).in")
    try process.run()
  }

  private static func create(_ path: String) throws -> FileHandle {
    try Data().write(to: URL(fileURLWithPath: path))
    return try FileHandle(forWritingTo: URL(fileURLWithPath: path))
  }

  private static func reading(_ input: String?, _ path: String) throws -> FileHandle {
    guard let input else { return FileHandle.nullDevice }
    try Data(input.utf8).write(to: URL(fileURLWithPath: path))
    return try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
  }

  var processID: Int32 { process.processIdentifier }

  /// The first line the command prints, waiting for it; nil when it ends, or a minute passes, without one.
  func firstLine() -> String? {
    let deadline = Date().addingTimeInterval(60)
    while Date() < deadline {
      let isRunning = process.isRunning
      let text = read(outputPath)
      if let end = text.firstIndex(of: "\n") { return String(text[..<end]) }
      if !isRunning { return nil }
      usleep(2000)
    }
    return nil
  }

  /// Waits for the end and returns everything that was said.
  func finish() -> CommandResult {
    process.waitUntilExit()
    return CommandResult(status: process.terminationStatus, output: read(outputPath), errors: read(errorsPath))
  }

  func kill(_ signal: Int32) { Foundation.kill(processID, signal) }

  private func read(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
}
