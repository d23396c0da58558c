import CLinux
import CPackageImage
import Glibc
import Synchronization
import Threading
import WorkflowModel

extension RunnerLink {
  /// The most that is read in one turn, so that one runner does not starve the others.
  private static let readsPerTurn = 8
  /// More than a socket holds: what a process that escaped the kill still writes must not keep the reactor for ever.
  private static let readsAtEnd = 64
  /// Nanoseconds a process may live on after its end of the socket is closed, as it is for a moment when it dies.
  private static let lifeWithoutFrames: UInt64 = 1_000_000_000

  func socketReady(_ what: UInt32, _ process: RunnerProcess, _ table: ReactorTable) {
    if what & UInt32(CLOACINA_WRITABLE) != 0 { state.withLock { $0.flush() } }
    do throws(FrameError) {
      guard try readFrames(process, turns: RunnerLink.readsPerTurn) else { return framesEnded(process, table) }
      watchForWriting(table)
      endIfDone(table)
    } catch { die(.garbage(error.description), table) }
  }

  func outputReady(_ process: RunnerProcess, _ table: ReactorTable) {
    if !process.drainOutput() { table.unwatchOutput(process) }
  }

  /// Has the socket watched for room exactly while something waits for it.
  func watchForWriting(_ table: ReactorTable) {
    let (process, isBlocked) = state.withLock { ($0.process, $0.isBlocked) }
    guard let process, isBlocked != process.isWatchedForWriting else { return }
    process.isWatchedForWriting = isBlocked
    table.watchSocket(process)
  }

  /// The process is dying, which its descriptor will tell, or the package closed what is not its own.
  private func framesEnded(_ process: RunnerProcess, _ table: ReactorTable) {
    if process.hasEnded { return die(nil, table) }
    table.unwatchSocket(process)
    process.endBy = Clock.monotonic + RunnerLink.lifeWithoutFrames
    lowerDue(to: process.endBy)
  }

  /// Reads what a dead process had sent; what it sent wrongly becomes the reason of its end.
  func readRest(_ process: RunnerProcess, _ reason: RunnerDeath.HostReason?) -> RunnerDeath.HostReason? {
    if case .garbage = reason { return reason }
    do throws(FrameError) {
      _ = try readFrames(process, turns: RunnerLink.readsAtEnd)
      return reason
    } catch { return reason ?? .garbage(error.description) }
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
      batch.heartbeats.append((frame.callID, extend))
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
    ready(descriptor)
  }

  /// Frees the slots of what ended, starts what waited, and tells the owner, all in one go.
  private func deliver(_ batch: inout FrameBatch) {
    guard !batch.isEmpty else { return }
    let now = Clock.now
    let results = batch.results
    let heartbeats = batch.heartbeats
    let reports = state.withLock { state in
      var earliest = heartbeats.isEmpty ? UInt64.max : extend(heartbeats, &state)
      let reports = results.compactMap { state.finish($0.0, $0.1, now: now) }
      earliest = min(earliest, state.sendQueue())
      lowerDue(to: earliest)
      return reports
    }
    batch.events += heartbeats.map { .heartbeat(callID: $0.0, extendMilliseconds: Int64(clamping: $0.1)) }
    batch.events += reports.map(HostEvent.finished)
    sink(batch.events)
  }

  /// Moves deadlines; returns the earliest of them.
  private func extend(_ heartbeats: [(UInt64, UInt64)], _ state: inout RunnerState) -> UInt64 {
    let now = Clock.monotonic
    var earliest = UInt64.max
    for (call, milliseconds) in heartbeats {
      state.flights[call]?.extend(milliseconds: milliseconds, now: now)
      earliest = min(earliest, state.flights[call]?.due ?? .max)
    }
    return earliest
  }
}

/// What one turn of reading brought.
private struct FrameBatch {
  var results: [(UInt64, TaskOutcome)] = []
  var heartbeats: [(UInt64, UInt64)] = []
  var events: [HostEvent] = []

  var isEmpty: Bool { results.isEmpty && heartbeats.isEmpty && events.isEmpty }
}
