import Telemetry
import Threading
import WorkflowModel
import WorkflowStore

/// The body of the scheduler's thread: takes messages, lets the machines decide, carries decisions out.
final class SchedulerLoop {
  let configuration: SchedulerConfiguration
  let store: any WorkflowStore
  let commits: CommitQueue
  let executor: any TaskExecuting
  let resolver: WorkflowResolver
  let runsEnded: RunsEnded
  let mailbox: Mailbox<Scheduler.Message>
  let lookout: Lookout
  let clocks: SchedulerClocks

  var runs = RunTable()
  var timers = TimerHeap()
  var permits = PermitLines<TaskKey>()
  var takes = TakeTable()
  var backlog = Backlog()
  var tally = OutcomeTally()
  /// Graphs of the versions that runs were begun of; a node sees ever more versions.
  var plans = RecentlyUsed<PlanKey, WorkflowResolution>(limit: 256)
  var random = SystemRandomNumberGenerator()

  /// What this turn wants done, carried out by `flush`.
  var batch: StoreBatch
  var ticket = Ticket()
  var calls: [TaskCall] = []
  var ended: [RunID] = []
  var toAnnounce: Set<StoreNews> = []
  /// Calls that the executor has, or is given this turn.
  var callsInFlight = 0
  var offersOpen = 0
  /// Batches on their way that hand back runs or ends of taken tasks.
  var handoversUnderWay = 0

  var intake = SchedulerIntake()
  /// Epoch by which this node leads the sweeping; nil while another one does.
  var leadEpoch: Int64?

  var wantsClaim = true
  var wantsSweep = false
  var wantsTake = false
  var wantsCollect = false
  var wantsLook = false
  var wantsUpgrades = false
  var claimUnderWay = false
  var heartbeatUnderWay = false
  var takeUnderWay = false
  var collectUnderWay = false
  var lookUnderWay = false
  var upgradesUnderWay = false
  var sweepUnderWay = false

  var now: Timestamp
  /// Monotonic nanoseconds, as all that follow.
  var monotonic: UInt64
  var nextPoll: UInt64 = 0
  var nextHeartbeat: UInt64 = 0
  var nextBacklogLook: UInt64 = 0
  /// No lease ends before this.
  var fenceAt = UInt64.max
  /// Until when the executor may begin calls.
  private var toldFence = UInt64.max
  /// When running tasks have had their time to end before the node hands everything back.
  var drainDeadline: UInt64?
  /// Deadline once the scheduler is to stop.
  var stopDeadline: UInt64?

  init(
    _ configuration: SchedulerConfiguration, store: any WorkflowStore, commits: CommitQueue,
    executor: any TaskExecuting, resolver: @escaping WorkflowResolver, runsEnded: @escaping RunsEnded,
    mailbox: Mailbox<Scheduler.Message>, clocks: SchedulerClocks = SchedulerClocks()
  ) {
    self.configuration = configuration
    self.store = store
    self.commits = commits
    self.executor = executor
    self.resolver = resolver
    self.runsEnded = runsEnded
    self.mailbox = mailbox
    self.clocks = clocks
    now = clocks.now()
    monotonic = clocks.monotonic()
    lookout = Lookout(
      store, configuration, found: { mailbox.post(.looked($0)) }, active: { mailbox.post(.active($0)) })
    batch = StoreBatch(now: now)
  }

  var leaseLength: UInt64 { UInt64(configuration.leaseMilliseconds) * 1_000_000 }

  func run() {
    // What it was told before it began, for example to take nothing in yet, comes before the first claim.
    turn(mailbox.take(until: 0) ?? [])
    while !hasStopped, let messages = mailbox.take(until: wakeTime) { turn(messages) }
    handBack()
    lookout.close()
    mailbox.close()
  }

  /// Takes in what has happened and carries out what follows from it and from the time.
  func turn(_ messages: [Scheduler.Message]) {
    now = clocks.now()
    monotonic = clocks.monotonic()
    dropLapsed(messages)
    for message in messages { handle(message) }
    fireTimers()
    keepHouse()
    flush()
  }

  private var hasStopped: Bool {
    guard let stopDeadline else { return false }
    return callsInFlight == 0 || monotonic >= stopDeadline
  }

  /// Monotonic time of the next thing that time alone makes due.
  var wakeTime: UInt64 {
    var due = holdsLeases ? min(nextPoll, nextHeartbeat) : nextPoll
    if let timer = timers.next { due = min(due, monotonic + UInt64(max(0, timer - now)) * 1_000_000) }
    if let ask = permits.nextAsk { due = min(due, ask) }
    if hasBacklog { due = min(due, nextBacklogLook) }
    if configuration.isShared { due = min(due, fenceAt) }
    if let drainDeadline { due = min(due, drainDeadline) }
    return stopDeadline == nil ? due : min(due, monotonic + 100_000_000)
  }

  func handle(_ message: Scheduler.Message) {
    switch message {
    case .reports(let reports): for report in reports { take(report) }
    case .committed(let ticket, .success(let outcome)): settle(ticket, outcome)
    case .committed(let ticket, .failure(let error)): abandon(ticket, error)
    case .wake: wantsClaim = true
    case .cancelled(let ids): for id in ids { if let key = runs.key(id) { stopCancelled(key) } }
    case .looked(let lost): settleLook(lost)
    case .lost(let lost): drop(lost)
    case .active(let activations): settleActive(activations)
    case .intake(let intake): change(to: intake)
    case .lead(let epoch): lead(epoch)
    case .news(let news): hear(news)
    case .load(let answer): answer.deliver(load)
    case .watch(let versions): tally.watch(versions)
    case .outcomes(let answer): answer.deliver(tally.reports)
    case .stop(let deadline): stop(deadline)
    }
  }

  private func lead(_ epoch: Int64?) {
    leadEpoch = epoch
    wantsSweep = epoch != nil
  }

  private func hear(_ news: Set<StoreNews>) {
    if news.contains(.work) { wantsClaim = true }
    if news.contains(.offers) { wantsTake = true }
    if news.contains(.ends) { wantsCollect = true }
    if news.contains(.runs) { wantsLook = true }
    if news.contains(.packages) { wantsUpgrades = true }
  }

  private func fireTimers() {
    while let place = timers.popDue(now) {
      guard let run = runs[place.run], !run.isOver else { continue }
      advance(place.run, run, .retryDue(task: place.task))
    }
  }

  private var load: SchedulerLoad {
    var load = SchedulerLoad()
    load.runsHeld = runs.count
    load.callsInFlight = callsInFlight
    load.offersOpen = offersOpen
    load.takesHeld = takes.count
    load.waitingForPermits = permits.waitingCount
    load.isDrained =
      intake.isDraining && runs.count == 0 && takes.count == 0 && handoversUnderWay == 0 && !claimUnderWay
      && !takeUnderWay
    return load
  }

  /// Gives this turn's writes to the commit queue, its calls to the executor and its news to those who wait.
  func flush() {
    tellFence()
    giveOutCalls()
    shareBacklog()
    if configuration.isShared, let intake = batch.splitIntake() { submit(intake, ticket.splitIntake()) }
    if !batch.isEmpty { submit(batch, ticket) }
    batch = StoreBatch(now: now)
    ticket = Ticket()
    if !ended.isEmpty {
      runsEnded(ended)
      ended.removeAll()
    }
    if !toAnnounce.isEmpty {
      if configuration.isShared { store.announce(toAnnounce) }
      toAnnounce = []
    }
  }

  /// The executor begins waiting calls by itself, perhaps right after the whole process slept, when the lease behind
  /// them is another node's.
  private func tellFence() {
    guard configuration.isShared, fenceAt != toldFence else { return }
    toldFence = fenceAt
    executor.begin(until: fenceAt)
  }

  func giveOutCalls() {
    guard !calls.isEmpty else { return }
    executor.execute(calls)
    calls.removeAll(keepingCapacity: true)
  }

  private func submit(_ batch: StoreBatch, _ ticket: Ticket) {
    var batch = batch
    var ticket = ticket
    batch.now = now
    ticket.sentAt = monotonic
    ticket.releases = !batch.releases.isEmpty || !batch.repins.isEmpty
    ticket.upgrades = !batch.repins.isEmpty
    ticket.endsTakes = !batch.offerEnds.isEmpty
    if ticket.releases || ticket.endsTakes { handoversUnderWay += 1 }
    commits.submit(batch) { [mailbox, ticket, clocks] result in
      var ticket = ticket
      ticket.answeredAt = clocks.monotonic()
      mailbox.post(.committed(ticket, result))
    }
  }
}
