import CloacinaABI

/// One attempt of one task: what it was given, what it writes, and what the executor offers while it runs.
///
/// A call ends with its body. One that is kept longer reads as cancelled and empty, and changes nothing.
///
/// `@unchecked Sendable`: everything that changes is touched only while `lock` is held; ending the call takes the
/// same lock, so the executor's memory is not read once it may be gone.
public final class TaskCall: @unchecked Sendable {
  private let lock = Lock()
  private var call: UnsafePointer<cloacina_call>?
  private var patch = ContextPatch()
  private var parsedInput: JSON?
  private var inputFault: JSONParseError?

  init(_ call: UnsafePointer<cloacina_call>) { self.call = call }

  // MARK: What is given

  /// Identity of the run.
  public var runID: String { read(otherwise: "") { $0.pointee.run_id.string } }

  /// 1 for the first attempt.
  public var attempt: Int { read(otherwise: 0) { Int($0.pointee.attempt) } }

  /// The same for every attempt of this task of this run: to be passed on to services that know such keys.
  public var idempotencyKey: String { read(otherwise: "") { $0.pointee.idempotency_key.string } }

  /// W3C trace context, to be passed on; empty when there is none.
  public var traceparent: String { read(otherwise: "") { $0.pointee.traceparent.string } }

  /// Milliseconds since 1970 at which the attempt is out of time; nil without a limit.
  public var deadline: Int64? {
    let milliseconds = read(otherwise: 0) { $0.pointee.deadline_unix_ms }
    return milliseconds == 0 ? nil : milliseconds
  }

  /// The run's input and what the ancestors of this task wrote.
  public var input: JSON {
    lock.withLock {
      if let parsedInput { return parsedInput }
      guard let call else { return .null }
      do throws(JSONParseError) {
        parsedInput = try JSON(parsing: call.pointee.input.buffer)
      } catch {
        inputFault = error
        parsedInput = .null
      }
      return parsedInput ?? .null
    }
  }

  /// The same as JSON text in UTF-8.
  public var inputBytes: [UInt8] { read(otherwise: []) { Array($0.pointee.input.buffer) } }

  // MARK: What is written

  /// Writes a key of the context; the last value written counts.
  public func set(_ key: String, _ value: JSON) {
    var bytes: [UInt8] = []
    value.write(to: &bytes)
    lock.withLock { patch.set(key, bytes) }
  }

  /// Removes a key from the context.
  public func remove(_ key: String) { set(key, .null) }

  /// Writes every member of a JSON object given as text, each exactly as it is spelled.
  ///
  /// - Throws: ``JSONParseError`` when the text is no JSON object; nothing is written then.
  public func emit(_ object: String) throws(JSONParseError) { try emit(Array(object.utf8)) }

  /// Writes every member of a JSON object given as UTF-8 text, each exactly as it is spelled.
  ///
  /// - Throws: ``JSONParseError`` when the text is no JSON object; nothing is written then.
  public func emit(_ object: [UInt8]) throws(JSONParseError) {
    let members = try JSONParser.members(of: object)
    lock.withLock { patch.merge((object, members)) }
  }

  // MARK: What the executor offers

  /// True once the executor wants the attempt to stop.
  public var isCancelled: Bool { read(otherwise: true) { $0.pointee.is_cancelled($0) != 0 } }

  /// Stops the body when the executor wants that.
  ///
  /// - Throws: `CancellationError`.
  public func checkCancellation() throws { if isCancelled { throw CancellationError() } }

  /// Writes a log line.
  public func log(_ line: String, level: LogLevel = .info) {
    withText(line) { text in read(otherwise: ()) { $0.pointee.log($0, level.rawValue, text) } }
  }

  /// Moves the deadline to `duration` from now.
  public func heartbeat(extendBy duration: Duration) {
    read(otherwise: ()) { $0.pointee.heartbeat($0, duration.milliseconds) }
  }

  /// Tells how far the work is, from 0 to 1, and a word on it.
  public func progress(_ share: Double, _ note: String = "") {
    withText(note) { text in read(otherwise: ()) { $0.pointee.progress($0, min(share.permille, 1000), text) } }
  }

  // MARK: The end

  /// Hands over what the body wrote, or why it failed, and lets go of the executor's memory.
  ///
  /// To be called once, on the thread that is inside `run`.
  func end(_ failure: (any Error)?) -> cloacina_status {
    lock.withLock {
      guard let call else { return cloacina_status(CLOACINA_MISUSE) }
      self.call = nil
      if let inputFault {
        return answer(CLOACINA_MISUSE, "the executor's input cannot be read: \(inputFault)", call)
      }
      guard let failure else {
        let bytes = patch.bytes
        bytes.withUnsafeBufferPointer {
          if !$0.isEmpty { call.pointee.emit(call, cloacina_bytes(start: $0.baseAddress, count: $0.count)) }
        }
        return cloacina_status(CLOACINA_DONE)
      }
      switch failure {
      case TaskFailure.permanent(let reason): return answer(CLOACINA_FAIL, reason, call)
      case TaskFailure.retry(let reason): return answer(CLOACINA_RETRY, reason, call)
      case is CancellationError: return cloacina_status(CLOACINA_CANCELLED)
      default: return answer(CLOACINA_RETRY, "\(failure)", call)
      }
    }
  }

  private func answer(_ status: some BinaryInteger, _ reason: String, _ call: UnsafePointer<cloacina_call>)
    -> cloacina_status
  {
    withText(reason) { call.pointee.explain(call, $0) }
    return cloacina_status(status)
  }

  private func read<Value>(otherwise: Value, _ body: (UnsafePointer<cloacina_call>) -> Value) -> Value {
    lock.withLock { call.map(body) ?? otherwise }
  }
}

/// Severity of a log line.
public enum LogLevel: Int32, Sendable {
  case trace, debug, info, warning, error
}
