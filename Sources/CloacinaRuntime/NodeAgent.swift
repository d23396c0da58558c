import PackageHost
import Scheduler
import Synchronization
import Threading
import WorkflowModel
import WorkflowStore

/// Speaks for one executing node: reports it, leads what it may lead, puts packages in place and obeys operators.
///
/// One thread, one mailbox. On a database that is this process's alone it says little and puts nothing in place:
/// whoever registers a package there has done so.
final class NodeAgent: Sendable {
  enum Message: Sendable {
    case news(Set<StoreNews>)
    case rolledBack(RuleKey, RollbackResult)
    /// A version was probed here, for a swap that began at a time; why not, if it failed.
    case probed(PackageDigest, since: Timestamp, HostError?)
    case stopping
  }

  /// What the agent is told once.
  struct Identity: Sendable {
    var bootID: String
    var name: String
    var host: String
    var processID: Int
    var tags: [String]
    var types: [String]
    var startedAt: Timestamp
    var ages = RetentionAges()
  }

  /// The parts of the engine that the agent moves.
  struct Engine: Sendable {
    /// Nil once the scheduler has ended.
    var load: @Sendable () -> SchedulerLoad?
    var occupancy: @Sendable () -> (busy: Int, slots: Int)
    var setIntake: @Sendable (SchedulerIntake) -> Void
    var lead: @Sendable (Int64?) -> Void
    var stage: @Sendable (PackageDigest) throws(HostError) -> Void
    /// Has a version loaded and tested, later, on another thread.
    var probe: @Sendable (PackageDigest, @escaping @Sendable (HostError?) -> Void) -> Void = { $1(nil) }
    /// The packages that are loaded now.
    var hosts: @Sendable () -> [HostStatus] = { [] }
    /// How they are taken care of.
    var care: @Sendable () -> CareStatus = { CareStatus() }
    /// The libraries mapped into this process.
    var images: @Sendable () -> ImageUse = { ImageUse(count: 0, bytes: 0, limit: 0) }
    /// Other versions than before are wanted, active or about to be.
    var packagesChanged: @Sendable () -> Void
    /// Schedules have brought new runs.
    var workArrived: @Sendable () -> Void = {}
    var counting = JudgeDuty.Counting()
    /// Makes the version active that was so before; blocks while that is loaded.
    var rollBack: @Sendable (RollbackOrder) -> RollbackResult = { _ in .superseded }
    var zones: ScheduleDuty.Zones = { name throws(ZoneFiles.Failure) in try ZoneFiles.rules(named: name) }
  }

  /// What the agent last found, for whoever asks.
  struct Standing: Sendable, Equatable {
    /// What was last reported; nil before the first report got through.
    var state: NodeState?
    var leads = false
    /// What it cannot do at present, as sentences.
    var troubles: [String] = []
  }

  /// News that concern the agent.
  static let interests: Set<StoreNews> = [.nodes, .packages, .schedules, .versions]

  private let mailbox = Mailbox<Message>()
  private let found = Mutex(Standing())
  private let thread = OneShot<NamedThread>()

  /// Starts the thread and waits until it has introduced the node to the store, so that the engine begins with the
  /// right intake. A store that does not answer is asked again until it does; nothing is taken in before.
  init(_ identity: Identity, store: any WorkflowStore, engine: Engine) {
    var nothing = SchedulerIntake()
    nothing.state = .cordoned
    engine.setIntake(nothing)
    let begun = OneShot<Void>()
    thread.deliver(
      NamedThread("node-agent") { [self] in
        let loop = NodeAgentLoop(identity, store: store, engine: engine) { [mailbox] in mailbox.post($0) }
        loop.tellProbed = { [mailbox] in mailbox.post(.probed($0, since: $1, $2)) }
        loop.begin()
        found.withLock { $0 = loop.standing }
        begun.deliver(())
        while let messages = mailbox.take(until: loop.wakeTime) {
          loop.turn(messages)
          found.withLock { $0 = loop.standing }
        }
        loop.farewell()
      })
    begun.wait()
  }

  /// What the agent last found.
  var standing: Standing { found.withLock { $0 } }

  /// Passes on news; those that do not concern the agent are ignored.
  func news(_ news: Set<StoreNews>) {
    if !news.isDisjoint(with: NodeAgent.interests) { mailbox.post(.news(news)) }
  }

  /// Says that this process has probed a version well, for a swap of its own that began at `since`.
  func probed(_ digest: PackageDigest, since: Timestamp) { mailbox.post(.probed(digest, since: since, nil)) }

  /// Says that the process is about to end: others are told, and may lead at once.
  func stopping() { mailbox.post(.stopping) }

  /// Takes leave of the store and ends the thread. Idempotent.
  func close() {
    mailbox.close()
    thread.wait()?.join()
  }
}
