import CloacinaABI

/// One attempt of one task, and what the executor offers while it runs. Not to be kept beyond the body.
///
/// `@unchecked Sendable`: the pointer is valid until the body has ended, which the kit waits for; the result is
/// written only by the body.
public final class TaskCall: @unchecked Sendable {
  private let call: UnsafePointer<cloacina_call>
  private var patch: [UInt8] = []
  private var hasRawPatch = false

  init(_ call: UnsafePointer<cloacina_call>) { self.call = call }

  /// Identity of the run.
  public var runID: String { call.pointee.run_id.string }
  /// 1 for the first attempt.
  public var attempt: Int { Int(call.pointee.attempt) }
  /// The same for every attempt of this task of this run: to be passed on to services that know such keys.
  public var idempotencyKey: String { call.pointee.idempotency_key.string }
  /// Milliseconds since 1970 at which the attempt is out of time; nil without a limit.
  public var deadline: Int64? { call.pointee.deadline_unix_ms == 0 ? nil : call.pointee.deadline_unix_ms }
  /// True once the executor wants the attempt to stop.
  public var isCancelled: Bool { call.pointee.is_cancelled(call) != 0 }

  /// The run's input and what the ancestors of this task wrote, as JSON text.
  public var inputBytes: UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: call.pointee.input.start, count: call.pointee.input.count)
  }

  /// The run's input and what the ancestors of this task wrote; null if the executor sent no JSON.
  public private(set) lazy var input: JSON = (try? JSON(parsing: inputBytes)) ?? .null

  /// Writes a key of the context.
  public func set(_ key: String, _ value: JSON) { append(key, value) }

  /// Removes a key from the context.
  public func remove(_ key: String) { append(key, .null) }

  /// Gives the whole result as JSON text: an object, merged into the context. Takes the place of `set`.
  public func emit(_ object: some Sequence<UInt8>) {
    patch = Array(object)
    hasRawPatch = true
  }

  /// Writes a log line.
  public func log(_ line: String, level: LogLevel = .info) {
    withText(line) { call.pointee.log(call, level.rawValue, $0) }
  }

  /// Moves the deadline to `duration` from now.
  public func heartbeat(extendBy duration: Duration) { call.pointee.heartbeat(call, duration.milliseconds) }

  /// Tells how far the work is, from 0 to 1, and a word on it.
  public func progress(_ share: Double, _ note: String = "") {
    withText(note) { call.pointee.progress(call, UInt32(max(0, min(1, share)) * 1000), $0) }
  }

  /// Throws `CancellationError` once the executor wants the attempt to stop.
  public func checkCancellation() throws { if isCancelled { throw CancellationError() } }

  private func append(_ key: String, _ value: JSON) {
    patch.append(UInt8(ascii: patch.isEmpty ? "{" : ","))
    JSON.string(key).write(to: &patch)
    patch.append(UInt8(ascii: ":"))
    value.write(to: &patch)
  }

  /// Hands the result over.
  func deliver() {
    guard !patch.isEmpty else { return }
    if !hasRawPatch { patch.append(UInt8(ascii: "}")) }
    patch.withUnsafeBufferPointer {
      call.pointee.emit(call, cloacina_bytes(start: $0.baseAddress, count: $0.count))
    }
  }

  /// Says why the answer is something else than done.
  func explain(_ reason: String) { withText(reason) { call.pointee.explain(call, $0) } }

  private func withText(_ text: String, _ body: (cloacina_text) -> Void) {
    var text = text
    text.withUTF8 { buffer in
      buffer.withMemoryRebound(to: CChar.self) { body(cloacina_text(utf8: $0.baseAddress, count: $0.count)) }
    }
  }
}

/// Severity of a log line.
public enum LogLevel: Int32, Sendable {
  case trace, debug, info, warning, error
}

extension cloacina_text {
  var string: String {
    String(decoding: UnsafeRawBufferPointer(start: utf8, count: utf8 == nil ? 0 : count), as: UTF8.self)
  }
}

extension Duration {
  /// Whole milliseconds, not below 0.
  var milliseconds: UInt64 {
    let (seconds, attoseconds) = components
    return seconds < 0 ? 0 : UInt64(seconds) * 1000 + UInt64(attoseconds / 1_000_000_000_000_000)
  }
}
