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

  var runs = RunTable()
  var timers = TimerHeap()
  var plans: [PackageDigest: [String: WorkflowResolution]] = [:]
  var random = SystemRandomNumberGenerator()

  /// What this turn wants done, carried out by `flush`.
  var batch: StoreBatch
  var ticket = Ticket()
  var calls: [TaskCall] = []
  var ended: [RunID] = []
  var callsInFlight = 0

  var now: Timestamp = Clock.now
  var monotonic: UInt64 = Clock.monotonic
  var wantsClaim = true
  var claimUnderWay = false
  var nextPoll: Timestamp = 0
  var nextHeartbeat: Timestamp = 0
  var lastChange: Int64 = 0
  var intake = SchedulerIntake()
  /// Epoch by which this node leads the sweeping; nil while another one does.
  var leadEpoch: Int64?
  var wantsSweep = false
  /// Monotonic deadline once the scheduler is to stop.
  var stopDeadline: UInt64?

  init(
    _ configuration: SchedulerConfiguration, store: any WorkflowStore, commits: CommitQueue,
    executor: any TaskExecuting, resolver: @escaping WorkflowResolver, runsEnded: @escaping RunsEnded,
    mailbox: Mailbox<Scheduler.Message>
  ) {
    self.configuration = configuration
    self.store = store
    self.commits = commits
    self.executor = executor
    self.resolver = resolver
    self.runsEnded = runsEnded
    self.mailbox = mailbox
    batch = StoreBatch(now: Clock.now)
  }

  func run() {
    readClocks()
    keepHouse()
    flush()
    while let messages = mailbox.take(until: wakeTime) {
      readClocks()
      for message in messages { handle(message) }
      fireTimers()
      if stopDeadline == nil { keepHouse() }
      flush()
      if let stopDeadline, callsInFlight == 0 || monotonic >= stopDeadline { break }
    }
    handBack()
    mailbox.close()
  }

  private func readClocks() {
    now = Clock.now
    monotonic = Clock.monotonic
  }

  /// Monotonic time of the next thing that time alone makes due.
  private var wakeTime: UInt64 {
    var due = min(nextPoll, nextHeartbeat)
    if let timer = timers.next { due = min(due, timer) }
    let time = monotonic + UInt64(max(0, due - now)) * 1_000_000
    return stopDeadline.map { min($0, monotonic + 100_000_000) } ?? time
  }

  private func handle(_ message: Scheduler.Message) {
    switch message {
    case .reports(let reports): for report in reports { take(report) }
    case .committed(let ticket, .success(let outcome)): settle(ticket, outcome)
    case .committed(let ticket, .failure(let error)): abandon(ticket, error)
    case .wake: wantsClaim = true
    case .cancelled(let ids): for id in ids { if let key = runs.key(id) { stopCancelled(key) } }
    case .intake(let intake): change(to: intake)
    case .lead(let epoch): beginLead(epoch)
    case .news(let news): hear(news)
    case .load(let answer): answer.deliver(load)
    case .stop(let deadline):
      stopDeadline = deadline
      executor.stopStarting()
    }
  }

  // MARK: News

  private func take(_ report: TaskReport) {
    callsInFlight -= 1
    let (key, task) = RunKey.split(report.callID)
    guard let run = runs[key] else { return }
    run.flights.removeAll { $0.task == task }
    if run.isOver {
      if run.isCancelled { recordStopped(run, task) }
      if run.flights.isEmpty { forget(key) }
      return
    }
    advance(key, run, .attemptEnded(task: task, outcome: report.outcome, startedAt: report.startedAt))
  }

  private func change(to intake: SchedulerIntake) {
    if intake.state == .ready { wantsClaim = true }
    self.intake = intake
  }

  private func beginLead(_ epoch: Int64?) {
    leadEpoch = epoch
    wantsSweep = epoch != nil
  }

  private func hear(_ news: Set<StoreNews>) {
    if news.contains(.work) { wantsClaim = true }
    if news.contains(.runs) { lookForLost() }
  }

  private var load: SchedulerLoad {
    var load = SchedulerLoad()
    load.runsHeld = runs.count
    load.callsInFlight = callsInFlight
    return load
  }

  private func settle(_ ticket: Ticket, _ outcome: StoreOutcome) {
    for (key, accepted) in zip(ticket.starts, outcome.starts) where !accepted { dropLost(key, status: nil) }
    for (place, accepted) in zip(ticket.checkpoints, outcome.checkpoints) {
      guard let run = runs[place.run] else { continue }
      guard accepted else {
        dropLost(place.run, status: nil)
        continue
      }
      if !run.isOver { advance(place.run, run, .checkpointed(task: place.task)) }
    }
    for key in ticket.finishes {
      guard let run = runs[key] else { continue }
      ended.append(run.claim.lease.run)
      forget(key)
    }
    ended += ticket.refused
    if let epoch = ticket.sweepEpoch { settleSweep(epoch, outcome.swept) }
    guard ticket.claimed > 0 else { return }
    claimUnderWay = false
    if outcome.claimed.count == ticket.claimed { wantsClaim = true }
    for claim in outcome.claimed { begin(claim) }
  }

  private func settleSweep(_ epoch: Int64, _ swept: SweepOutcome) {
    if !swept.isLeader, leadEpoch == epoch { leadEpoch = nil }
    guard swept.runs > 0 else { return }
    wantsClaim = true
    if configuration.isShared { store.announce([.work]) }
  }

  /// A batch failed for good: its runs are handed back, to be taken up from their last checkpoint.
  private func abandon(_ ticket: Ticket, _ error: StoreError) {
    Log.write(.error, "a write failed; its runs are handed back", [("error", error.description)])
    if ticket.claimed > 0 { claimUnderWay = false }
    for key in ticket.starts + ticket.checkpoints.map(\.run) + ticket.finishes {
      guard let run = runs[key] else { continue }
      batch.releases.append(run.claim.lease)
      stopFlights(key, run)
    }
  }

  private func begin(_ claim: ClaimedRun) {
    let resolution = plans[claim.digest]?[claim.workflow] ?? resolver(claim.digest, claim.workflow)
    let plan: RunPlan
    let index: Int
    switch resolution {
    case .resolved(let found, let position): (plan, index) = (found, position)
    case .unavailable(let reason): return refuse(claim, reason)
    case .unknown(let reason): return putBack(claim, reason)
    }
    plans[claim.digest, default: [:]][claim.workflow] = resolution
    let run = HeldRun(claim: claim, plan: plan, workflowIndex: index)
    let key = runs.insert(run)
    batch.starts.append(claim.lease)
    ticket.starts.append(key)
    advance(key, run, .begin)
  }

  /// A run whose code cannot be had ends as failed, saying why.
  private func refuse(_ claim: ClaimedRun, _ reason: String) {
    batch.finishes.append(
      FinishWrite(lease: claim.lease, status: .failed, result: [], failure: Failure(.load, reason)))
    ticket.finishes.append(RunKey.nobody)
    ticket.refused.append(claim.lease.run)
  }

  /// What could not be read now is no verdict on the run: it is claimed again later.
  private func putBack(_ claim: ClaimedRun, _ reason: String) {
    Log.write(.error, "a run is put back", [("run", claim.lease.run.text), ("reason", reason)])
    batch.releases.append(claim.lease)
  }

  private func fireTimers() {
    while let place = timers.popDue(now) {
      guard let run = runs[place.run], !run.isOver else { continue }
      advance(place.run, run, .retryDue(task: place.task))
    }
  }
}
