import Synchronization

/// Brings together that something began and that it is to be cancelled, whichever comes first.
final class Cancellation<Work: Sendable>: Sendable {
  private enum State {
    case idle
    case running(Work)
    case cancelled
  }

  private let state = Mutex(State.idle)
  private let stop: @Sendable (Work) -> Void

  /// - Parameter stop: cancels work that has begun; called once at most.
  init(_ stop: @escaping @Sendable (Work) -> Void) { self.stop = stop }

  /// Says that the work has begun; it is stopped at once when it was cancelled before.
  func begun(_ work: Work) {
    let isCancelled = state.withLock { state in
      if case .cancelled = state { return true }
      state = .running(work)
      return false
    }
    if isCancelled { stop(work) }
  }

  /// Cancels the work, now or as soon as it begins.
  func cancel() {
    let work = state.withLock { state -> Work? in
      defer { state = .cancelled }
      if case .running(let work) = state { return work }
      return nil
    }
    if let work { stop(work) }
  }
}
