import WorkflowModel
import WorkflowStore

/// Tasks with a concurrency key hold a permit of the store from before they start until their end is written.
extension SchedulerLoop {
  /// Parks a call until its permit is there.
  func standInLine(_ call: TaskCall, _ definition: TaskDefinition, _ key: RunKey, _ run: HeldRun) {
    let task = call.taskIndex
    run.flights.append(HeldRun.Flight(task: task, since: monotonic, place: .inLine))
    run.parked.append(call)
    permits.enqueue(TaskKey(run: key, task: task), key: run.permitLine(task), limit: definition.concurrencyLimit)
  }

  func askForPermits() {
    for request in permits.due(monotonic) {
      guard let run = runs[request.waiter.run] else {
        permits.forget(request)
        continue
      }
      batch.permits.append(PermitRequest(key: run.permitKey(request.waiter.task), limit: request.limit))
      ticket.permits.append(request)
    }
  }

  func settlePermits(_ requests: [PermitLines<TaskKey>.Request], _ granted: [Bool]) {
    let answers = zip(requests, granted).map { (request: $0, granted: $1) }
    permits.settle(answers, now: monotonic)
    for (request, granted) in answers {
      let task = request.waiter.task
      let run = runs[request.waiter.run].flatMap { $0.isOver ? nil : $0 }
      if granted {
        use(request, run)
      } else if run?.place(of: task) != .inLine {
        permits.remove(request.waiter, key: request.key)
      }
    }
  }

  private func use(_ request: PermitLines<TaskKey>.Request, _ run: HeldRun?) {
    let task = request.waiter.task
    guard let run, run.place(of: task) == .inLine, let call = run.unpark(task) else {
      permits.release(request.key)
      if let run { batch.permitReleases.append(run.permitKey(task)) }
      return
    }
    run.removeFlight(task)
    run.permits.append(task)
    place(call, run.plan.definition.tasks[task], request.waiter.run, run)
  }

  /// Gives back the permit of a task whose attempt has ended, in the batch that says so.
  func returnPermit(_ run: HeldRun, _ task: Int) {
    guard run.place(of: task) == nil, dropPermit(run, task) else { return }
    batch.permitReleases.append(run.permitKey(task))
  }

  /// Forgets the permit of a task, if it has one; the store voids permits with the lease of their run.
  @discardableResult func dropPermit(_ run: HeldRun, _ task: Int) -> Bool {
    guard let index = run.permits.firstIndex(of: task) else { return false }
    run.permits.remove(at: index)
    permits.release(run.permitLine(task))
    return true
  }
}
