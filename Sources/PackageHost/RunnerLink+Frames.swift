import CLinux
import CPackageImage
import Glibc
import Synchronization
import Threading
import WorkflowModel

extension RunnerLink {
  /// The most that is read in one turn, so that one runner does not starve the others.
  private static let readsPerTurn = 8

  func socketReady(_ what: UInt32, _ table: ReactorTable) {
    guard let process = state.withLock({ $0.process }) else { return }
    if what & UInt32(CLOACINA_WRITABLE) != 0 {
      let isBlocked = state.withLock { state in
        state.flush()
        return state.isBlocked
      }
      if !isBlocked { table.watchSocket(process, of: self, writable: false) }
    }
    do throws(FrameError) {
      let isOpen = try readFrames(process, turns: RunnerLink.readsPerTurn)
      if !isOpen { die(nil, table) }
    } catch { die(.garbage(error.description), table) }
  }

  func outputReady(_ what: UInt32, _ table: ReactorTable) {
    guard let process = state.withLock({ $0.process }) else { return }
    process.drainOutput()
    if what & UInt32(CLOACINA_HUNG_UP) != 0 { table.unwatchOutput(process) }
  }

  /// Reads what a dying process still sent; what it sent wrongly becomes the reason of its end.
  func readRest(_ process: RunnerProcess, _ reason: RunnerDeath.HostReason?)
    -> (RunnerDeath.HostReason?, refusal: HostError?)
  {
    do throws(FrameError) {
      _ = try readFrames(process, turns: .max)
      return (reason, process.refusal)
    } catch { return (reason ?? .garbage(error.description), nil) }
  }

  /// Reads and handles frames; false at the end of the stream.
  private func readFrames(_ process: RunnerProcess, turns: Int) throws(FrameError) -> Bool {
    var batch = FrameBatch()
    defer { deliver(&batch) }
    for _ in 0..<turns {
      let space = process.buffer.space()
      let count = read(process.socket, space.baseAddress, space.count)
      if count < 0 { return errno == EAGAIN || errno == EINTR }
      guard count > 0 else { return false }
      process.buffer.filled(count)
      while let frame = try process.buffer.next() { try take(frame, process, &batch) }
      if count < space.count { return true }
    }
    return true
  }

  private func take(_ frame: Frame, _ process: RunnerProcess, _ batch: inout FrameBatch) throws(FrameError) {
    var payload = PayloadReader(frame.payload)
    switch Int32(frame.type) {
    case Int32(CLOACINA_FRAME_RESULT):
      guard let status = payload.number(Int32.self), let output = payload.bytes(), let said = payload.text() else {
        throw FrameError(description: "a result without its fields")
      }
      batch.results.append(
        (frame.callID, outcome(status: status, output: output, explanation: said, cap: configuration.outputCap)))
    case Int32(CLOACINA_FRAME_LOG):
      guard let level = payload.number(Int32.self), let line = payload.text() else {
        throw FrameError(description: "a log line without its fields")
      }
      batch.events.append(.log(callID: frame.callID, level: Int(level), line: line))
    case Int32(CLOACINA_FRAME_HEARTBEAT):
      guard let extend = payload.number(UInt64.self) else { throw FrameError(description: "an empty heartbeat") }
      batch.heartbeats.append((frame.callID, Int64(clamping: extend)))
    case Int32(CLOACINA_FRAME_PROGRESS):
      guard let permille = payload.number(UInt32.self), let note = payload.text() else {
        throw FrameError(description: "progress without its fields")
      }
      batch.events.append(.progress(callID: frame.callID, permille: Int(permille), note: note))
    case Int32(CLOACINA_FRAME_HELLO): try takeHello(&payload)
    case Int32(CLOACINA_FRAME_REFUSED):
      guard let code = payload.text(), let sentence = payload.text() else {
        throw FrameError(description: "a refusal without its fields")
      }
      process.refusal = HostError(code: code, message: sentence)
    default: throw FrameError(description: "a frame of type \(frame.type)")
    }
  }

  private func takeHello(_ payload: inout PayloadReader) throws(FrameError) {
    guard let version = payload.number(UInt32.self), version == UInt32(CLOACINA_FRAME_VERSION),
      let text = payload.bytes()
    else { throw FrameError(description: "a hello in another version") }
    let descriptor: PackageDescriptor
    do { descriptor = try PackageDescriptor(json: try JSONReader.read(text)) } catch {
      throw FrameError(description: "a descriptor that cannot be read: \(error)")
    }
    noteReady()
    let earliest = state.withLock { state in
      state.phase = .ready
      return state.sendQueue()
    }
    due.store(earliest, ordering: .relaxed)
    opened.deliver(.success(descriptor))
  }

  /// Frees the slots of what ended, starts what waited, and tells the owner, all in one go.
  private func deliver(_ batch: inout FrameBatch) {
    guard !batch.isEmpty else { return }
    let now = Clock.now
    let results = batch.results
    let heartbeats = batch.heartbeats
    let (reports, earliest) = state.withLock { state in
      for (call, extend) in heartbeats {
        state.flights[call]?.deadline = Clock.monotonic + UInt64(max(0, extend)) * 1_000_000
      }
      let reports = results.compactMap { state.finish($0.0, $0.1, now: now) }
      return (reports, state.sendQueue())
    }
    if earliest != .max { due.min(earliest, ordering: .relaxed) }
    batch.events += heartbeats.map { .heartbeat(callID: $0.0, extendMilliseconds: $0.1) }
    batch.events += reports.map(HostEvent.finished)
    sink(batch.events)
  }
}

/// What one turn of reading brought.
private struct FrameBatch {
  var results: [(UInt64, TaskOutcome)] = []
  var heartbeats: [(UInt64, Int64)] = []
  var events: [HostEvent] = []

  var isEmpty: Bool { results.isEmpty && heartbeats.isEmpty && events.isEmpty }
}
