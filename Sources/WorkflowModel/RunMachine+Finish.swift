extension RunMachine {
  /// The end of the run, or nil while there is something left to do.
  func conclusion() -> RunDecision? {
    if let refusal { return .finish(status: .failed, result: [], failure: refusal) }
    if wasCancelled { return runningCount > 0 ? nil : .finish(status: .cancelled, result: [], failure: nil) }
    if let conflict { return runningCount > 0 ? nil : .finish(status: .failed, result: [], failure: conflict) }
    guard endedCount == tasks.count else { return nil }
    if let failure = firstUnhandledFailure() { return .finish(status: .failed, result: [], failure: failure) }
    if tasks.contains(where: { $0.status == .cancelled }) {
      return .finish(status: .cancelled, result: [], failure: nil)
    }
    let result = finalContext()
    if let failure = RunMachine.tooLarge(result, "the run's result") {
      return .finish(status: .failed, result: [], failure: failure)
    }
    return .finish(status: .succeeded, result: result.bytes, failure: nil)
  }

  /// The failure, in merge order, that no dependent took care of.
  private func firstUnhandledFailure() -> Failure? {
    for task in plan.topologicalOrder where tasks[task].status == .failed && !isHandled(task) {
      let failure = tasks[task].failure ?? Failure(.error, "no reason was recorded")
      return Failure(failure.errorClass, "\(plan.definition.tasks[task].id): \(failure.message)")
    }
    return nil
  }

  /// True when a dependent ran to success in spite of it, which only a rule of its own allows: its author
  /// expected this end.
  private func isHandled(_ task: Int) -> Bool {
    plan.dependents[task].contains { tasks[$0].status == .succeeded }
  }
}
