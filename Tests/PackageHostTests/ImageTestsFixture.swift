import CPackageImage
import Foundation
import Testing

/// The packages of `Tests/MisbehavingPackages`, compiled once per test process.
enum MisbehavingPackages {
  /// Bytes of each library by its name.
  static let libraries: [String: [UInt8]] = {
    do { return try build() } catch {
      fatalError("the misbehaving packages cannot be built: \(error)")
    }
  }()

  private static func build() throws -> [String: [UInt8]] {
    let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "MisbehavingPackages")
    let output = FileManager.default.temporaryDirectory.appending(
      path: "cloacina-images-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: output) }
    let process = try Process.run(sources.appending(path: "build"), arguments: [output.path])
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
    var libraries: [String: [UInt8]] = [:]
    for file in try FileManager.default.contentsOfDirectory(
      at: output, includingPropertiesForKeys: nil)
    {
      libraries[file.deletingPathExtension().lastPathComponent] = [UInt8](
        try Data(contentsOf: file))
    }
    return libraries
  }
}

/// Why the library refused, as Swift values.
struct Refusal: Error, Equatable, CustomStringConvertible {
  var code: String
  var sentence: String
  var description: String { "\(code): \(sentence)" }

  init(_ error: cloacina_image_error) {
    code = withUnsafeBytes(of: error.code) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    sentence = withUnsafeBytes(of: error.sentence) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}

/// What one attempt left.
struct Reply: Equatable {
  var status: Int32
  var output: String
  var explanation: String
}

/// What the package told through the call, as lines.
final class Told {
  var lines: [String] = []

  static func at(_ context: UnsafeMutableRawPointer?) -> Told {
    Unmanaged<Told>.fromOpaque(context!).takeUnretainedValue()
  }
}

private func text(_ utf8: UnsafePointer<CChar>?, _ count: Int) -> String {
  String(decoding: UnsafeRawBufferPointer(start: utf8, count: count), as: UTF8.self)
}

/// A package mapped into the test process.
struct Image {
  let handle: OpaquePointer

  /// Maps the misbehaving package `name`.
  init(_ name: String, swiftCompiler: String? = "swift-6.3.1") throws {
    let library = try #require(MisbehavingPackages.libraries[name], "no package called \(name)")
    try self.init(bytes: library, swiftCompiler: swiftCompiler)
  }

  init(bytes: [UInt8], swiftCompiler: String? = "swift-6.3.1") throws {
    let descriptor = cloacina_sealed_memfd("test", bytes, bytes.count)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    var error = cloacina_image_error()
    guard let handle = cloacina_image_open(descriptor, swiftCompiler, &error) else {
      throw Refusal(error)
    }
    self.handle = handle
  }

  var descriptor: String {
    var count = 0
    let start = cloacina_image_descriptor(handle, &count)
    return text(start, count)
  }

  /// Calls `open`; log lines go to `told`.
  func start(told: Told = Told()) throws {
    var error = cloacina_image_error()
    let log: @convention(c) (UnsafeMutableRawPointer?, Int32, UnsafePointer<CChar>?, Int) -> Void =
      {
        Told.at($0).lines.append("log \($1) \(text($2, $3))")
      }
    guard cloacina_image_start(handle, log, Unmanaged.passUnretained(told).toOpaque(), &error) == 0
    else {
      throw Refusal(error)
    }
  }

  /// Runs an attempt on this thread.
  func run(
    workflow: UInt32 = 0, task: UInt32 = 0, attempt: UInt32 = 1, input: String = "{}",
    deadline: Int64 = 0,
    outputCap: Int = 1 << 20, cancelled: UInt8 = 0, told: Told = Told()
  ) -> Reply {
    var call = cloacina_image_call()
    (call.workflow_index, call.task_index, call.attempt) = (workflow, task, attempt)
    (call.deadline_unix_ms, call.output_cap) = (deadline, outputCap)
    call.context = Unmanaged.passUnretained(told).toOpaque()
    call.log = { Told.at($0).lines.append("log \($1) \(text($2, $3))") }
    call.heartbeat = { Told.at($0).lines.append("heartbeat \($1)") }
    call.progress = { Told.at($0).lines.append("progress \($1) \(text($2, $3))") }
    var reply = cloacina_image_reply()
    var flag = cancelled
    var input = input
    input.withUTF8 { input in
      (call.input, call.input_count) = (input.baseAddress, input.count)
      withUnsafePointer(to: &flag) { flag in
        call.cancelled = flag
        "run-1".withCString { name in
          (call.run_id, call.run_id_count) = (name, 5)
          cloacina_image_run(handle, &call, &reply)
        }
      }
    }
    defer { cloacina_image_reply_free(&reply) }
    let output = UnsafeRawBufferPointer(start: reply.output, count: reply.output_count)
    return Reply(
      status: reply.status, output: String(decoding: output, as: UTF8.self),
      explanation: text(reply.explanation, reply.explanation_count))
  }
}
