import PackageRegistry
import Telemetry
import Threading
import WorkflowModel

/// Takes care of the hosts: has those ended that nobody needs or uses, and those replaced that have served their time.
///
/// It sleeps until the next thing is due, for ever while nothing is.
final class Upkeep: Sendable {
  private let registry: PackageRegistry
  private let thread: NamedThread

  init(registry: PackageRegistry, care: RunnerCare) {
    self.registry = registry
    thread = NamedThread("upkeep") {
      var loop = UpkeepLoop(registry, care)
      while let news = registry.pool.bell.take(until: loop.wakeTime) { loop.turn(news) }
    }
  }

  /// Says that another version became active.
  func activationChanged() { registry.pool.bell.post(.activations) }

  func close() {
    registry.pool.bell.close()
    thread.join()
  }
}

/// The body of the thread.
private struct UpkeepLoop {
  private let registry: PackageRegistry
  private let care: RunnerCare
  /// What was active when it was last read; nil when that may be old.
  private var active: Set<PackageDigest>?
  private var troubles = Troubles()
  /// Monotonic time of the next look that nothing but time brings about.
  private(set) var wakeTime: UInt64?

  init(_ registry: PackageRegistry, _ care: RunnerCare) {
    self.registry = registry
    self.care = care
  }

  mutating func turn(_ news: [CareNews]) {
    if news.contains(.activations) { active = nil }
    let needs = needs()
    let now = Clock.now
    let plan = registry.pool.plan(care, now: now) { digest in
      // While nobody knows, nothing counts as unneeded, and the store is asked again soon.
      needs.map { $0[digest] ?? .nothing } ?? .pinned
    }
    registry.pool.perform(plan.actions)
    wakeTime = plan.nextLook.map { Clock.monotonic + UInt64(max(0, $0 - now)) * 1_000_000 }
  }

  private mutating func needs() -> [PackageDigest: HostFacts.Need]? {
    do throws(RegistryError) {
      let residents = registry.pool.residents
      let known: Set<PackageDigest>
      if let active, residents.allSatisfy({ active.contains($0.digest) }) {
        known = active
      } else {
        known = try registry.activeDigests()
        active = known
      }
      let needs = try registry.needs(active: known)
      troubles.log("what hosts are needed for cannot be read", nil)
      return needs
    } catch {
      troubles.log("what hosts are needed for cannot be read", "\(error)")
      return nil
    }
  }
}
