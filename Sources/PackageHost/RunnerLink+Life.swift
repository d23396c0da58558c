import CPackageImage
import Synchronization
import Threading
import WorkflowModel

/// Starting, ending and replacing the process: on the reactor's thread.
extension RunnerLink {
  /// Nanoseconds an idle runner has to end in order.
  private static let timeToEnd: UInt64 = 5_000_000_000

  /// Starts the process; its hello, or the reason why it says none, comes later.
  func start(_ table: ReactorTable) {
    table.insert(self)
    guard state.withLock({ !$0.isClosing }) else { return finishClosing(table) }
    let now = Clock.monotonic
    let helloBy = now + UInt64(configuration.startMilliseconds) * 1_000_000
    restarts.withLock { $0.started(now: now, helloBy: helloBy) }
    do throws(HostError) {
      let process = try RunnerProcess(library: library, permissions: permissions, configuration: configuration)
      state.withLock { $0.started(process, now: Clock.now) }
      due.store(helloBy, ordering: .relaxed)
      table.watch(process, of: self)
    } catch { failStart(error, table) }
  }

  /// The runner said hello: what waits is sent. A runner that is dead already is not meant any more.
  func ready(_ descriptor: PackageDescriptor) {
    let isAlive = state.withLock { state -> Bool in
      guard state.process != nil else { return false }
      state.phase = .ready
      _ = state.sendQueue()
      due.store(state.due, ordering: .relaxed)
      return true
    }
    guard isAlive else { return }
    restarts.withLock { $0.ready() }
    opened.deliver(.success(descriptor))
  }

  /// The first start failed: the package is refused. A restart failed: what waits is lost, and another try is planned.
  private func failStart(_ error: HostError, _ table: ReactorTable) {
    opened.deliver(.failure(error))
    let (waiting, isRetired) = state.withLock { ($0.takeQueue(), $0.isRetired) }
    reportLost(waiting, "its runner cannot be started: \(error)")
    guard restarts.withLock({ $0.wasReady }), !isRetired else {
      state.withLock { $0.isClosing = true }
      return finishClosing(table)
    }
    planStart()
  }

  private func planStart() {
    due.store(
      restarts.withLock { plan in
        plan.ended(now: Clock.monotonic)
        return plan.nextStart
      }, ordering: .relaxed)
  }

  /// Part of closing: a process that has not said hello is ended, one that is to be started is not.
  func endUnlessReady(_ table: ReactorTable) {
    let (process, phase) = state.withLock { ($0.process, $0.phase) }
    if process == nil {
      finishClosing(table)
    } else if phase == .starting {
      die(.closing, table)
    } else {
      watchForWriting(table)
    }
  }

  private func finishClosing(_ table: ReactorTable) {
    state.withLock { $0.phase = .ended }
    table.remove(self)
    ended.deliver(())
    sayFarewell()
  }

  /// Ends a retired runner that has nothing left to do; by force when it does not go.
  func endIfDone(_ table: ReactorTable) {
    let (isDone, process) = state.withLock { state in
      guard state.isDone else { return (false, nil as RunnerProcess?) }
      state.close()
      return (true, state.process)
    }
    guard isDone else { return }
    if let process {
      process.endBy = Clock.monotonic + RunnerLink.timeToEnd
      lowerDue(to: process.endBy)
    }
    endUnlessReady(table)
  }

  /// Ends what is left of the process, judges its calls, and replaces it unless the host is closing.
  func die(_ reason: RunnerDeath.HostReason?, _ table: ReactorTable) {
    guard let (process, wasStarting) = state.withLock({ $0.takeProcess() }) else { return }
    table.unwatch(process)
    let status = process.end()
    // What was answered before the end counts.
    let reason = readRest(process, reason)
    let (flights, isClosing) = state.withLock { state in
      let flights = state.takeFlights()
      if state.isDone { state.isClosing = true }
      if !state.isClosing, !wasStarting { state.replacements += 1 }
      return (flights, state.isClosing)
    }
    let death = RunnerDeath(
      words: process.lastWords, status: status, lastLine: process.lastLine, hostReason: reason, flights: flights)
    let refusal = process.refusal
    process.closeDescriptors()
    var events = death.reports(now: Clock.now).map(HostEvent.finished)
    if !isClosing, !wasStarting { events.append(.replaced(reason: death.sentence)) }
    if !events.isEmpty { sink(events) }
    if isClosing { return finishClosing(table) }
    if wasStarting {
      return failStart(
        refusal ?? death.failedStart, table)
    }
    planStart()
    timePassed(Clock.monotonic, table)
  }

  /// The reactor's answer to a time noted in `due`.
  func timePassed(_ now: UInt64, _ table: ReactorTable) {
    let (process, phase) = state.withLock { ($0.process, $0.phase) }
    let plan = restarts.withLock { $0 }
    if phase == .ended { return due.store(.max, ordering: .relaxed) }
    guard let process else {
      return plan.nextStart <= now ? start(table) : due.store(plan.nextStart, ordering: .relaxed)
    }
    if process.endBy <= now { return die(state.withLock { $0.isClosing } ? .closing : .closedFrames, table) }
    if phase == .ready { return endOverdue(now, process, table) }
    if plan.helloBy <= now { return die(.silent(milliseconds: configuration.startMilliseconds), table) }
    due.store(min(plan.helloBy, process.endBy), ordering: .relaxed)
  }

  /// Asks the calls that passed their deadline to stop, and ends the process of those that did not.
  private func endOverdue(_ now: UInt64, _ process: RunnerProcess, _ table: ReactorTable) {
    let overdue = state.withLock { state -> Set<UInt64> in
      for flight in state.flights.values where flight.isLate(now) {
        _ = state.ask(flight.id, toEndAs: .timedOut, now: now)
      }
      state.flush()
      due.store(min(state.due, process.endBy), ordering: .relaxed)
      return Set(state.flights.values.filter { $0.killAt <= now }.map(\.id))
    }
    if overdue.isEmpty {
      watchForWriting(table)
    } else {
      die(.overdue(overdue, graceMilliseconds: configuration.graceMilliseconds), table)
    }
  }
}
