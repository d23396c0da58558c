import CPackageImage
import Glibc
import WorkflowModel

/// How a runner came to its end, and what that means for the calls it was working on. Pure.
struct RunnerDeath {
  /// Why the host ended it.
  enum HostReason: Equatable {
    /// Calls that did not stop when asked.
    case overdue(Set<UInt64>, graceMilliseconds: Int64)
    /// Bytes that are no frame.
    case garbage(String)
    /// It lives on without its end of the socket.
    case closedFrames
    /// It did not say hello.
    case silent(milliseconds: Int64)
    case closing
  }

  /// The process's own record; nil when it left none.
  var words: cloacina_crash_record?
  /// Exit code, or 256 + signal.
  var status: Int32
  /// The last line it printed.
  var lastLine: String
  /// Nil when it ended by itself.
  var hostReason: HostReason?
  /// What it was working on.
  var flights: [Flight]

  /// One sentence for people, without a full stop.
  var sentence: String {
    switch hostReason {
    case .overdue(let guilty, _):
      let tasks = Set(flights.filter { guilty.contains($0.id) }.map(\.task)).sorted().joined(separator: ", ")
      return "task \(tasks) did not stop when it was asked to, so its process was ended"
    case .garbage(let what): return "the package wrote garbage to its frame descriptor (\(what))" + evidence
    case .closedFrames: return "the package closed its frame descriptor" + evidence
    case .silent(let milliseconds): return "it said no hello within \(milliseconds) ms" + evidence
    case .closing: return "the host was closed"
    case nil: return ownEnd + evidence
    }
  }

  /// Why its package could not be loaded.
  var failedStart: HostError {
    guard Int(status) == Int(CLOACINA_RUNNER_UNCONFINED), lastLine.hasPrefix(RunnerDeath.runnerSays) else {
      return HostError(code: "CLO-P082", message: "it ended while loading: \(sentence)")
    }
    return HostError(
      code: "CLO-P114", message: "the package restricts itself, and this machine cannot enforce that\(evidence)",
      isInfrastructure: true)
  }

  private var evidence: String { lastLine.isEmpty ? "" : "; last output: \(lastLine)" }

  private var ownEnd: String {
    switch words.map({ Int32(bitPattern: $0.kind) }) {
    case Int32(CLOACINA_CRASH_SIGNAL): "the process was killed by \(signal)\(inTask)"
    case Int32(CLOACINA_CRASH_EXIT): "the package called exit(\(words?.detail ?? 0))\(inTask)"
    default:
      status >= 256
        ? "the process was killed by \(signalName(status - 256))" : "the process ended with exit code \(status)"
    }
  }

  private var signal: String {
    guard let words else { return "" }
    let hasAddress = words.address != 0 || words.detail == SIGSEGV
    return signalName(words.detail) + (hasAddress ? " at address 0x\(String(words.address, radix: 16))" : "")
  }

  private var inTask: String {
    flights.first { $0.id == words?.call_id }.map { " in task \($0.task)" } ?? ""
  }

  /// How each call ended: who is to blame is charged, the others are lost.
  func reports(now: Timestamp) -> [TaskReport] {
    flights.map {
      TaskReport(callID: $0.id, outcome: outcome(of: $0), startedAt: $0.startedAt, finishedAt: now)
    }
  }

  private func outcome(of flight: Flight) -> TaskOutcome {
    // A call on its way out has ended as it should, whatever took the process.
    switch flight.ending {
    case .cancelled: return .cancelled
    case .timedOut: return .failed(Failure(.timeout, lateness(of: flight)))
    case .none: break
    }
    guard let errorClass = blame(flight) else { return .lost("its runner is gone: \(sentence)") }
    return .failed(Failure(errorClass, sentence))
  }

  private func lateness(of flight: Flight) -> String {
    let limit = "it passed its limit of \(flight.timeoutMilliseconds) ms"
    guard case .overdue(let guilty, let grace) = hostReason, guilty.contains(flight.id) else { return limit }
    return limit + " and ignored cancellation for \(grace) ms; its process was ended"
  }

  private func blame(_ flight: Flight) -> ErrorClass? {
    let isAlone = flights.count == 1
    switch hostReason {
    case .overdue, .closing, .silent: return nil
    case .garbage, .closedFrames: return isAlone ? .misuse : nil
    case nil: break
    }
    if let words {
      let isGuilty = words.call_id == flight.id || (words.call_id == 0 && isAlone)
      return isGuilty ? (words.kind == UInt32(CLOACINA_CRASH_EXIT) ? .exit : .crash) : nil
    }
    // Without last words only a process with one call says whom to blame; SIGKILL comes from outside.
    guard isAlone, status != 256 + SIGKILL else { return nil }
    if status >= 256 { return .crash }
    return endedByRunner ? nil : .exit
  }

  private static let runnerSays = "cloacina-runner:"

  /// The runner itself gave up, and said so; anybody can exit with its codes.
  private var endedByRunner: Bool {
    [CLOACINA_RUNNER_PROTOCOL, CLOACINA_RUNNER_RESOURCES].contains { Int(status) == Int($0) }
      && lastLine.hasPrefix(RunnerDeath.runnerSays)
  }
}
