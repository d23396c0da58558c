import CPackageImage
import Glibc
import Telemetry
import WorkflowModel

/// A library mapped into this process, never to be unmapped.
///
/// `@unchecked Sendable`: the C image is constant once started, and its `run` may be called from many threads.
final class Image: @unchecked Sendable {
  private let image: OpaquePointer

  /// Why a library is not an image, and whether its bytes were mapped all the same.
  struct Refusal: Error {
    var error: HostError
    var isMapped: Bool
  }

  /// Maps the library, once and for ever. The bytes are copied and sealed.
  init(_ library: [UInt8], name: String) throws(Refusal) {
    let fd = library.withUnsafeBufferPointer { cloacina_sealed_memfd(name, $0.baseAddress, $0.count) }
    guard fd >= 0 else {
      let reason = "no memory for the library: \(String(cString: strerror(errno)))"
      throw Refusal(
        error: HostError(code: "CLO-P080", message: reason, isInfrastructure: true), isMapped: false)
    }
    defer { close(fd) }
    var error = cloacina_image_error()
    guard let opened = cloacina_image_open(fd, SwiftToolchain.compiler, &error) else {
      throw Refusal(error: HostError(error), isMapped: error.is_mapped != 0)
    }
    image = opened
  }

  /// Makes the package's instance, again after each ``stop()``.
  func start() throws(HostError) {
    let log: @convention(c) (UnsafeMutableRawPointer?, Int32, UnsafePointer<CChar>?, Int) -> Void = {
      _, level, start, count in
      Log.write(LogLevel(rawValue: Int(level)) ?? .info, text(start, count))
    }
    var error = cloacina_image_error()
    guard cloacina_image_start(image, log, nil, &error) == 0 else { throw HostError(error) }
  }

  func descriptor() throws(HostError) -> PackageDescriptor {
    var count = 0
    let bytes = cloacina_image_descriptor(image, &count)
    let json = UnsafeBufferPointer(start: bytes, count: count).map { UInt8(bitPattern: $0) }
    do { return try PackageDescriptor(json: try JSONReader.read(json)) } catch {
      throw HostError(code: "CLO-P083", message: "the descriptor cannot be read: \(error)")
    }
  }

  /// Ends the package's instance, after its last call; the library stays mapped.
  func stop() { cloacina_image_stop(image) }

  /// Runs one attempt on the calling thread.
  ///
  /// - Parameter deadline: milliseconds since 1970; 0: none.
  func run(_ running: RunningCall, deadline: Timestamp, cap: Int) -> TaskOutcome {
    let call = running.call
    var runID = call.runID.text
    var key = "\(call.runID.text)/\(call.task)"
    var reply = cloacina_image_reply()
    defer { cloacina_image_reply_free(&reply) }
    withExtendedLifetime(running) {
      runID.withUTF8 { runID in
        key.withUTF8 { key in
          call.input.withUnsafeBufferPointer { input in
            var request = cloacina_image_call()
            request.workflow_index = UInt32(call.workflowIndex)
            request.task_index = UInt32(call.taskIndex)
            request.attempt = UInt32(call.attempt)
            request.deadline_unix_ms = deadline
            request.run_id = UnsafeRawPointer(runID.baseAddress)?.assumingMemoryBound(to: CChar.self)
            request.run_id_count = runID.count
            request.idempotency_key = UnsafeRawPointer(key.baseAddress)?.assumingMemoryBound(to: CChar.self)
            request.idempotency_key_count = key.count
            request.input = input.baseAddress
            request.input_count = input.count
            request.output_cap = cap
            request.cancelled = UnsafePointer(running.cancelled)
            request.context = Unmanaged.passUnretained(running).toOpaque()
            Image.connect(&request)
            cloacina_image_run(image, &request, &reply)
          }
        }
      }
    }
    let output = Array(UnsafeBufferPointer(start: reply.output, count: reply.output_count))
    return outcome(
      status: reply.status, output: output, explanation: text(reply.explanation, reply.explanation_count), cap: cap)
  }

  /// What the package calls while it runs; `context` is the call.
  private static func connect(_ request: inout cloacina_image_call) {
    request.log = { context, level, start, count in running(context).log(Int(level), text(start, count)) }
    request.heartbeat = { context, extend in running(context).heartbeat(extend) }
    request.progress = { context, permille, start, count in
      running(context).progress(Int(permille), text(start, count))
    }
  }
}

private func running(_ context: UnsafeMutableRawPointer?) -> RunningCall {
  Unmanaged<RunningCall>.fromOpaque(context!).takeUnretainedValue()
}

private func text(_ start: UnsafePointer<CChar>?, _ count: Int) -> String {
  String(decoding: UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count), as: UTF8.self)
}

extension HostError {
  init(_ error: cloacina_image_error) {
    func read<Tuple>(_ tuple: Tuple) -> String {
      withUnsafeBytes(of: tuple) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
    self.init(code: read(error.code), message: read(error.sentence))
  }
}
