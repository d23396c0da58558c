import Synchronization
import Threading

/// Tells whoever asked for a change when its transaction began, which may be some reading later than it was asked for.
package final class TransactionStart: Sendable, Equatable {
  private let time = Atomic<UInt64>(0)

  package init() {}

  /// Monotonic nanoseconds; nil: the store did nothing before it.
  package var at: UInt64? {
    let time = time.load(ordering: .relaxed)
    return time == 0 ? nil : time
  }

  /// To be called by the store; the last call counts.
  package func begins() { time.store(Clock.monotonic, ordering: .relaxed) }

  package static func == (left: TransactionStart, right: TransactionStart) -> Bool { left === right }
}
