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
final class RunningCommand {
  let process = Process()
  private let output = Pipe()
  private let errors: FileHandle
  private let errorsPath: String

  init(_ executable: String, _ arguments: [String], environment: [String: String], in folder: String) throws {
    errorsPath = "\(folder)/stderr-\(UUID().uuidString)"
    try Data().write(to: URL(fileURLWithPath: errorsPath))
    errors = try FileHandle(forWritingTo: URL(fileURLWithPath: errorsPath))
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = arguments
    process.environment = environment
    process.standardOutput = output
    process.standardError = errors
    process.standardInput = FileHandle.nullDevice
    try process.run()
  }

  var processID: Int32 { process.processIdentifier }

  /// The next line the command prints; nil at its end.
  func nextLine() -> String? {
    var line: [UInt8] = []
    while let byte = try? output.fileHandleForReading.read(upToCount: 1)?.first {
      if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
      line.append(byte)
    }
    return line.isEmpty ? nil : String(decoding: line, as: UTF8.self)
  }

  /// Waits for the end and returns everything that was not read yet.
  func finish() -> CommandResult {
    let rest = (try? output.fileHandleForReading.readToEnd()) ?? Data()
    process.waitUntilExit()
    let said = (try? Data(contentsOf: URL(fileURLWithPath: errorsPath))) ?? Data()
    return CommandResult(
      status: process.terminationStatus, output: String(decoding: rest, as: UTF8.self),
      errors: String(decoding: said, as: UTF8.self))
  }

  func kill(_ signal: Int32) { Foundation.kill(processID, signal) }
}
