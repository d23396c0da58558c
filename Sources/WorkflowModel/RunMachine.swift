/// One run's progress through its graph: a value that decides and does nothing.
///
/// A dependency must have ended *and* be durable before its dependent starts; whether the dependent starts or is
/// skipped is known earlier, when the last dependency has ended. Events that do not fit the state, such as the
/// second end of one attempt, are ignored.
package struct RunMachine: Sendable {
  /// What one call of ``advance(_:now:random:)`` gathers.
  struct Turn {
    let now: Timestamp
    var decisions: [RunDecision] = []
  }

  let plan: RunPlan
  var tasks: [TaskProgress]
  var base = JSONObjectText.empty
  var runningCount = 0
  var endedCount = 0
  private var isCancelling = false
  /// Two unordered tasks wrote one key and the workflow refuses that.
  var conflict: Failure?
  /// Why the run cannot be driven at all.
  var refusal: Failure?
  /// True once `.finish` has been decided.
  package private(set) var isOver = false

  /// - Parameters:
  ///   - input: the run's input, a JSON object; empty for `{}`.
  ///   - checkpoints: of earlier owners, oldest first; finished tasks are not started again.
  ///   - losses: how many owners were lost without progress; more than ``RunLimits/ownerLosses`` fail the run.
  package init(plan: RunPlan, input: [UInt8], checkpoints: [TaskCheckpoint], losses: Int = 0) {
    self.plan = plan
    tasks = plan.dependencies.map { TaskProgress(dependencies: $0.count) }
    if losses > RunLimits.ownerLosses {
      let message = "its owner was lost \(losses) times without progress; at most \(RunLimits.ownerLosses) are allowed"
      refusal = Failure(.infrastructure, message)
    }
    do throws(JSONError) {
      base = try JSONObjectText(input)
    } catch {
      refusal = refusal ?? Failure(.permanent, "the run's input is not a JSON object: \(error)")
    }
    if checkpoints.isEmpty, refusal == nil, let misfit = plan.misfit(of: input) { refusal = misfit.failure }
    if !checkpoints.isEmpty { restore(checkpoints) }
  }

  /// Takes in one event and returns what is to be done, in order.
  ///
  /// - Parameters:
  ///   - now: time of the event in milliseconds.
  ///   - random: a number in 0..<1 for jitter, drawn only when needed.
  package mutating func advance(_ event: RunEvent, now: Timestamp, random: () -> Double) -> [RunDecision] {
    guard !isOver else { return [] }
    var turn = Turn(now: now)
    switch event {
    case .begin: begin(&turn)
    case .attemptEnded(let task, let outcome, let startedAt):
      guard tasks[task].phase == .running else { return [] }
      end(task, outcome, startedAt: startedAt, random: random, &turn)
    case .checkpointed(let task): becomeDurable(task, &turn)
    case .retryDue(let task): becomeDue(task, &turn)
    case .cancel: cancel(&turn)
    }
    conclude(&turn)
    return turn.decisions
  }

  /// Ids of the tasks that have ended, in order of declaration.
  package var endedTasks: [String] {
    tasks.indices.filter { tasks[$0].phase == .ended }.map { plan.definition.tasks[$0].id }
  }

  /// True when nothing new may start.
  var isHalting: Bool { isCancelling || conflict != nil }

  /// True when running tasks were asked to stop.
  var wasCancelled: Bool { isCancelling }

  private mutating func begin(_ turn: inout Turn) {
    guard refusal == nil, !isHalting else { return }
    for task in plan.topologicalOrder {
      switch tasks[task].phase {
      case .waiting where tasks[task].open == 0:
        if decide(task, &turn) { settle(task, &turn) }
      case .delayed: resumeDelay(task, &turn)
      case .waiting, .ready, .running, .ended: break
      }
    }
  }

  private mutating func cancel(_ turn: inout Turn) {
    guard !isCancelling else { return }
    isCancelling = true
    for task in tasks.indices where tasks[task].phase == .running { turn.decisions.append(.stop(task: task)) }
  }

  private mutating func conclude(_ turn: inout Turn) {
    guard let outcome = conclusion() else { return }
    isOver = true
    turn.decisions.append(outcome)
  }
}
