import CPackageImage
import Glibc
import WorkflowModel

/// How a runner came to its end, and what that means for the calls it was working on. Pure.
struct RunnerDeath {
  /// The process's own record; nil when it left none.
  var words: cloacina_crash_record?
  /// Exit code, or 256 + signal.
  var status: Int32
  /// The last line the package printed.
  var lastLine: String
  /// Why the host ended it; nil when it ended by itself.
  var hostReason: HostReason?

  enum HostReason: Equatable {
    /// A call did not stop when asked.
    case overdue(Set<UInt64>)
    /// Bytes that are no frame.
    case garbage(String)
    case closing
  }

  /// One sentence for people.
  var sentence: String {
    switch hostReason {
    case .overdue: "a call did not stop when it was asked to, so its process was ended"
    case .garbage(let what): "the package wrote garbage to its frame descriptor: \(what)"
    case .closing: "the host was closed"
    case nil: ownSentence
    }
  }

  private var ownSentence: String {
    let evidence = lastLine.isEmpty ? "" : "; last output: \(lastLine)"
    if let words, words.kind == UInt32(CLOACINA_CRASH_SIGNAL) {
      let place = words.address == 0 && words.detail != SIGSEGV ? "" : " at address 0x\(String(words.address, radix: 16))"
      return "the process was killed by \(signalName(words.detail))\(place)\(evidence)"
    }
    if let words, words.kind == UInt32(CLOACINA_CRASH_EXIT) { return "the package called exit(\(words.detail))\(evidence)" }
    if status >= 256 { return "the process was killed by \(signalName(status - 256))\(evidence)" }
    return "the process ended with exit code \(status)\(evidence)"
  }

  /// How each call ended: who is to blame is charged, the others are lost.
  func outcome(of flight: Flight, among count: Int) -> TaskOutcome {
    if case .overdue(let guilty) = hostReason, guilty.contains(flight.id) {
      guard flight.ending == .timedOut else { return .cancelled }
      return .failed(
        Failure(
          .timeout,
          "it passed its limit of \(flight.timeoutMilliseconds) ms and did not stop when asked; its process was ended"))
    }
    // A call on its way out has ended as it should, whatever took the process.
    if flight.ending == .cancelled { return .cancelled }
    guard let errorClass = blame(flight, alone: count == 1) else { return .lost("its runner is gone: \(sentence)") }
    return .failed(Failure(errorClass, sentence))
  }

  private func blame(_ flight: Flight, alone: Bool) -> ErrorClass? {
    switch hostReason {
    case .overdue, .closing: return nil
    case .garbage: return alone ? .misuse : nil
    case nil: break
    }
    if let words {
      let isGuilty = words.call_id == flight.id || (words.call_id == 0 && alone)
      return isGuilty ? (words.kind == UInt32(CLOACINA_CRASH_EXIT) ? .exit : .crash) : nil
    }
    // Without last words only a process with one call says whom to blame; SIGKILL comes from outside.
    guard alone, status != 256 + SIGKILL else { return nil }
    if status >= 256 { return .crash }
    let ownEnds = [CLOACINA_RUNNER_ENDED, CLOACINA_RUNNER_PROTOCOL, CLOACINA_RUNNER_RESOURCES].map { Int32($0) }
    return ownEnds.contains(status) ? nil : .exit
  }
}
