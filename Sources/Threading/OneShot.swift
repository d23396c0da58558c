import Glibc

/// A value that one thread waits for and another delivers, once.
///
/// `@unchecked Sendable`: all state is in the mailbox.
package final class OneShot<Value: Sendable>: @unchecked Sendable {
  private let mailbox = Mailbox<Value>()

  package init() {}

  /// Delivers the value; only the first delivery counts.
  package func deliver(_ value: Value) {
    if mailbox.post(value) { mailbox.close() }
  }

  /// Blocks the calling thread until the value is there, or until `deadline` (monotonic nanoseconds).
  package func wait(until deadline: UInt64? = nil) -> Value? { mailbox.take(until: deadline)?.first }
}
