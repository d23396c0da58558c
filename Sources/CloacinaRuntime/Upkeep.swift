import PackageRegistry
import Telemetry
import Threading

/// Keeps the states of versions and the hosts of a node in line with what is active and in flight; sleeps while nothing
/// drains and every loaded host is needed.
final class Upkeep: Sendable {
  private static let pause: UInt64 = 2_000_000_000
  /// Between two searches for unpacked files of removed versions, in nanoseconds: when there were news, and when not.
  private static let folderPause: UInt64 = 10_000_000_000
  private static let longFolderPause: UInt64 = 600_000_000_000
  private let changes = Mailbox<Void>()
  private let registry: PackageRegistry
  private let thread: NamedThread

  init(registry: PackageRegistry) {
    self.registry = registry
    thread = NamedThread("upkeep") { [changes, registry] in
      var isWatching = false
      var lastSweep: UInt64 = 0
      var nextSweep: UInt64 = .max
      while true {
        let wakeTime = isWatching ? min(nextSweep, Clock.monotonic + Upkeep.pause) : nextSweep
        guard let news = changes.take(until: wakeTime == .max ? nil : wakeTime) else { return }
        if !news.isEmpty { nextSweep = min(nextSweep, lastSweep + Upkeep.folderPause) }
        if !news.isEmpty || isWatching { isWatching = Upkeep.keepUp(registry) }
        if Clock.monotonic >= nextSweep {
          registry.deleteRemoved()
          lastSweep = Clock.monotonic
          nextSweep = lastSweep + Upkeep.longFolderPause
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
