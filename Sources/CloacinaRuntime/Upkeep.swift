import PackageRegistry
import Telemetry
import Threading

/// Ends the hosts of versions nobody needs any more; sleeps while every loaded host is of an active version.
final class Upkeep: Sendable {
  private static let pause: UInt64 = 2_000_000_000
  private let changes = Mailbox<Void>()
  private let registry: PackageRegistry
  private let thread: NamedThread

  init(registry: PackageRegistry) {
    self.registry = registry
    thread = NamedThread("upkeep") { [changes, registry] in
      var isWatching = false
      while changes.take(until: isWatching ? Clock.monotonic + Upkeep.pause : nil) != nil {
        isWatching = Upkeep.retire(registry)
      }
    }
  }

  /// Says that another version became active.
  func activationChanged() { changes.post(()) }

  func close() {
    changes.close()
    thread.join()
  }

  /// True while there are hosts that will have to go later.
  private static func retire(_ registry: PackageRegistry) -> Bool {
    do throws(RegistryError) { return try registry.retireUnused() } catch {
      Log.write(.warning, "unused hosts could not be ended", [("error", "\(error)")])
      return true
    }
  }
}
