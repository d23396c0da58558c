import PackageRegistry
import Telemetry
import Threading

/// Keeps the states of versions and the hosts of a node in line with what is active and in flight; sleeps while nothing
/// drains and every loaded host is needed.
final class Upkeep: Sendable {
  private static let pause: UInt64 = 2_000_000_000
  /// Between two searches for unpacked files of removed versions, in nanoseconds.
  private static let folderPause: UInt64 = 10_000_000_000
  private let changes = Mailbox<Void>()
  private let registry: PackageRegistry
  private let thread: NamedThread

  init(registry: PackageRegistry) {
    self.registry = registry
    thread = NamedThread("upkeep") { [changes, registry] in
      var isWatching = false
      var nextSweep: UInt64 = 0
      var mustSweep = false
      while true {
        let wakeTime = isWatching ? Clock.monotonic + Upkeep.pause : mustSweep ? nextSweep : nil
        guard let news = changes.take(until: wakeTime) else { return }
        isWatching = Upkeep.keepUp(registry)
        mustSweep = mustSweep || !news.isEmpty
        if mustSweep, Clock.monotonic >= nextSweep {
          registry.deleteRemoved()
          (mustSweep, nextSweep) = (false, Clock.monotonic + Upkeep.folderPause)
        }
      }
    }
  }

  /// Says that versions are active, removed or under way that were not.
  func activationChanged() { changes.post(()) }

  func close() {
    changes.close()
    thread.join()
  }

  /// True while there is something to be looked at again.
  private static func keepUp(_ registry: PackageRegistry) -> Bool {
    do throws(RegistryError) { return try registry.keepUp() } catch {
      Log.write(.warning, "the upkeep of package versions failed", [("error", "\(error)")])
      return true
    }
  }
}
