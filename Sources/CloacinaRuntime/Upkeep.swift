import PackageRegistry
import Telemetry
import Threading
import WorkflowModel

/// Keeps the states of versions and the hosts of a node in line with what is active and in flight: has those hosts
/// ended that nobody needs or uses, and those replaced that have served their time.
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

  /// Says that versions are active, removed or under way that were not.
  func activationChanged() { registry.pool.bell.post(.activations) }

  func close() {
    registry.pool.bell.close()
    thread.join()
  }
}

/// The body of the thread.
private struct UpkeepLoop {
  private static let pause: UInt64 = 2_000_000_000
  /// A look reads every run in flight, so it takes a part of the time at most, however many news there are: one in so
  /// many.
  private static let share: UInt64 = 20
  /// Nor is news left lying for longer, because a look may have stood behind a disk.
  private static let longestRest: UInt64 = 30_000_000_000

  private let registry: PackageRegistry
  private let care: RunnerCare
  /// What was in service when it was last read; nil when that may be old.
  private var needed: Set<PackageDigest>?
  private var troubles = Troubles()
  /// Monotonic time of the next look at the states of versions; nil while nothing drains and no swap goes on.
  private var nextSettling: UInt64?
  /// Monotonic time before which there is no other look.
  private var restsUntil: UInt64 = 0
  private var sweep = FolderSweep()
  /// The same for the hosts.
  private var nextCare: UInt64?

  /// Monotonic time of the next look that nothing but time brings about.
  var wakeTime: UInt64? { [nextSettling, nextCare, sweep.next].compactMap { $0 }.min() }

  init(_ registry: PackageRegistry, _ care: RunnerCare) {
    self.registry = registry
    self.care = care
  }

  mutating func turn(_ news: [CareNews]) {
    if news.contains(.activations) {
      needed = nil
      sweep.news()
      nextSettling = min(nextSettling ?? .max, max(Clock.monotonic, restsUntil))
    }
    // News may have been lost: with the rare search for files states are looked at too.
    let isRested = UpkeepLoop.isPast(restsUntil)
    if isRested, [nextSettling, sweep.next].contains(where: UpkeepLoop.isPast) { settle() }
    takeCare()
    sweep.sweep(registry)
  }

  private static func isPast(_ time: UInt64?) -> Bool { time.map { $0 <= Clock.monotonic } ?? false }

  /// Brings the states of versions into line with facts.
  private mutating func settle() {
    let start = Clock.monotonic
    var isUnfinished = true
    defer {
      let now = Clock.monotonic
      restsUntil = now + min(UpkeepLoop.share * (now - start), UpkeepLoop.longestRest)
      nextSettling = isUnfinished ? max(now + UpkeepLoop.pause, restsUntil) : nil
    }
    do throws(RegistryError) {
      let service = try registry.keepUp()
      needed = service.needed
      isUnfinished = service.isUnfinished
      let trouble = service.troubles.isEmpty ? nil : service.troubles.joined(separator: "; ")
      troubles.log("the upkeep of package versions failed", trouble)
    } catch {
      needed = nil
      troubles.log("the upkeep of package versions failed", "\(error)")
    }
  }

  private mutating func takeCare() {
    let needs = needs()
    let now = Clock.now
    let plan = registry.pool.plan(care, now: now) { digest in
      // While nobody knows, nothing counts as unneeded, and the store is asked again soon.
      needs.map { $0[digest] ?? .nothing } ?? .pinned
    }
    registry.pool.perform(plan.actions)
    registry.forgetProofs()
    nextCare = plan.nextLook.map { Clock.monotonic + UInt64(max(0, $0 - now)) * 1_000_000 }
  }

  private mutating func needs() -> [PackageDigest: HostFacts.Need]? {
    do throws(RegistryError) {
      let residents = registry.pool.residents
      let known: Set<PackageDigest>
      if let needed, residents.allSatisfy({ needed.contains($0.digest) }) {
        known = needed
      } else {
        known = try registry.neededDigests()
        needed = known
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

/// When the unpacked files of removed versions are searched for: not long after news, and else seldom.
private struct FolderSweep {
  private static let pause: UInt64 = 10_000_000_000
  private static let longPause: UInt64 = 600_000_000_000

  private var last: UInt64 = 0
  /// Monotonic time of the next search; nil before the first news.
  private(set) var next: UInt64?

  /// Versions may have been removed.
  mutating func news() { next = min(next ?? .max, last + FolderSweep.pause) }

  /// Searches when it is time.
  mutating func sweep(_ registry: PackageRegistry) {
    guard let next, Clock.monotonic >= next else { return }
    registry.deleteRemoved()
    last = Clock.monotonic
    self.next = last + FolderSweep.longPause
  }
}
