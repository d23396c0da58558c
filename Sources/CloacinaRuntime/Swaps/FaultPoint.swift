import Glibc

/// Places in a swap at which a test may have this process end itself, as a lost machine would: the environment variable
/// `CLOACINA_FAULT_POINT` names one of them.
enum FaultPoint: String, CaseIterable {
  case verified = "swap.verified"
  case staged = "swap.staged"
  case probed = "swap.probed"
  /// Before the transaction that activates.
  case activating = "swap.activating"
  /// After that transaction, before anything else.
  case activated = "swap.activated"
  case settled = "swap.settled"

  private static let armed = CacheFolder.environment("CLOACINA_FAULT_POINT")

  /// Ends this process if it is the place that was named.
  func reach() {
    if FaultPoint.armed == rawValue { kill(getpid(), SIGKILL) }
  }
}
