import WorkflowModel
import WorkflowStore

extension Bench {
  /// An activation of version b by a swap whose row says, or is to say, what its leader saw.
  fileprivate func request(_ course: SwapStart) -> ActivationRequest {
    var request = ActivationRequest(
      tenant: "public", package: "demo", digest: course.to, origin: Bench.origin)
    (request.swap, request.course) = (course.id, course)
    return request
  }

  /// A swap to version b that has come to its activation, each step in so many milliseconds.
  fileprivate func course(_ id: String, settles: Bool) -> SwapStart {
    var course = swapStart("b", id)
    course.steps = [SwapStepTime(step: .verify, milliseconds: 2), SwapStepTime(step: .probe, milliseconds: 3)]
    course.step = .activate
    course.elapsedMilliseconds = 4
    course.settles = settles
    return course
  }

  fileprivate func times(_ id: String) throws -> [String] {
    try unwrap(try store.swap(id), id).steps.map { "\($0.step) \($0.milliseconds)" }
  }
}

extension StoreCheck {
  /// Swaps whose leader writes several steps at once.
  static let swapCourseChecks: [StoreCheck] = [
    StoreCheck("a swap without a row is begun by its activation, in one transaction") { bench in
      try bench.prepareVersions(1)
      try bench.register("demo", "1.1.0", "b")
      let course = bench.course("s1", settles: true)
      let done = try bench.store.activate(bench.request(course), now: bench.now)
      try expectEqual([done.epoch, done.digest == course.to ? 1 : 0], [2, 1], "activation")
      let swap = try unwrap(try bench.store.swap("s1"), "s1")
      try expectEqual(swap.step, .settle, "step")
      try expectEqual(swap.from, Bench.digest("a"), "from")
      try expectEqual([swap.startedAt, swap.stepAt], [bench.now - 9, bench.now], "times")
      try expectEqual(try bench.times("s1"), ["verify 2", "probe 3", "activate 4"], "steps")
      try expectEqual(try bench.trail().suffix(2), ["swap_begun 1.x", "activated 1.1.0"], "trail")
      try expectEqual(try bench.store.activate(bench.request(course), now: bench.now), done, "repeated")
      try expectEqual(try bench.activation()?.epoch, 2, "epoch")
      var failed = course
      failed.failure = SwapFailure(code: "c", message: "m")
      try expectError(.invalid) { _ = try bench.store.beginSwap(failed, now: bench.now) }
      try expectEqual(try bench.store.swap("s1"), swap, "it does not fail after that")
    },
    StoreCheck("an activation that nobody has to act upon takes its swap on to drain, or to its end") { bench in
      try bench.register("demo", "1.1.0", "b")
      _ = try bench.store.activate(bench.request(bench.course("s1", settles: false)), now: bench.now)
      let first = try unwrap(try bench.store.swap("s1"), "s1")
      try expectEqual(
        [first.step, first.endedAt == bench.now ? .done : .failed], [.done, .done], "nothing was before")
      try expectEqual(try bench.times("s1"), ["verify 2", "probe 3", "activate 4", "settle 0"], "steps")
      try expectEqual(
        try bench.trail().suffix(3), ["swap_begun 1.x", "activated 1.1.0", "swap_done 1.x"], "trail")
      try bench.register("demo", "1.2.0", "c")
      var course = bench.course("s2", settles: false)
      course.to = Bench.digest("c")
      _ = try bench.store.activate(bench.request(course), now: bench.now)
      let second = try unwrap(try bench.store.swap("s2"), "s2")
      try expectEqual(second.step, .drain, "one was before")
      try expectEqual(second.deadlineAt, bench.now + SwapRecord.drainingMilliseconds, "until when")
    },
    StoreCheck("an activation without a row is refused while another swap is under way, and changes nothing") { bench in
      try bench.prepareVersions(1)
      try bench.register("demo", "1.1.0", "b")
      try bench.beginSwap("a", "other")
      var course = bench.course("s1", settles: false)
      try expectError(.swapRunning) { _ = try bench.store.activate(bench.request(course), now: bench.now) }
      try expect(try bench.store.swap("s1") == nil, "a row")
      course.kind = .rollback
      var request = bench.request(course)
      request.knownEpoch = 7
      try expectError(.activationMoved) { _ = try bench.store.activate(request, now: bench.now) }
      try expectEqual(try bench.store.swap("other")?.step, .verify, "the other, after a refused one")
      request.course = nil
      try expectError(.notFound) { _ = try bench.store.activate(request, now: bench.now) }
      try expectEqual(try bench.activation()?.digest, Bench.digest("a"), "active")
      try expectEqual(try bench.states(), "a active, b probed", "states")
    },
    StoreCheck("the steps that a leader saw are written with a later one, and with a failure") { bench in
      try bench.prepareVersions(1)
      try bench.beginSwap("b", "s1")
      bench.now += 20
      var course = bench.course("s1", settles: true)
      course.step = .probe
      course.steps.removeLast()
      let probing = try bench.store.beginSwap(course, now: bench.now)
      try expectEqual(probing.step, .probe, "step")
      try expectEqual([probing.stepAt, probing.deadlineAt], [bench.now - 4, bench.now + 996], "times")
      try expectEqual(try bench.times("s1"), ["verify 2"], "steps")
      try expectEqual(try bench.store.beginSwap(course, now: bench.now + 5), probing, "repeated")
      course.step = .stage
      try expectError(.invalid) { _ = try bench.store.beginSwap(course, now: bench.now) }
      course.step = .probe
      course.failure = SwapFailure(code: "c", message: "m")
      let failed = try bench.store.beginSwap(course, now: bench.now + 2000)
      try expectEqual([failed.step, failed.failure == course.failure ? .done : .probe], [.failed, .done], "failed")
      try expectEqual(try bench.store.beginSwap(course, now: bench.now + 3000), failed, "failed again")
      course.failure = nil
      try expectError(.swapOver) { _ = try bench.store.beginSwap(course, now: bench.now) }
      try bench.beginSwap("a", "other")
      var late = bench.course("s2", settles: true)
      late.failure = SwapFailure(code: "c", message: "m")
      try expectEqual(
        try bench.store.beginSwap(late, now: bench.now).step, .failed, "without a row, beside another one")
      try expectEqual(try bench.store.swap("other")?.step, .verify, "the other")
      late.failure = nil
      try expectError(.swapOver) { _ = try bench.store.activate(bench.request(late), now: bench.now) }
      try expectEqual(try bench.activation()?.digest, Bench.digest("a"), "what failed is not activated later")
    },
    StoreCheck("a swap is concluded once the version before has no run in flight") { bench in
      try bench.prepareVersions(1)
      let run = try bench.leased()
      try bench.register("demo", "1.1.0", "b")
      let begun = try bench.beginSwap("b", "s1")
      func conclude() throws -> SwapStep {
        let swap = try bench.store.concludeSwap(begun, by: Bench.origin, now: bench.now)
        return swap.step
      }
      func inFlight(_ letter: Character) throws -> Bool {
        try bench.store.hasRunsInFlight(tenant: "public", digest: Bench.digest(letter))
      }
      try expectError(.invalid) { _ = try conclude() }
      _ = try bench.store.activate(bench.request(bench.course("s1", settles: true)), now: bench.now)
      try expectEqual([try inFlight("a"), try inFlight("b")], [true, false], "in flight")
      bench.now += 6
      try expectEqual(try conclude(), .drain, "while it has one")
      try expectEqual(try bench.states(), "a draining, b active", "states")
      try expectEqual(try conclude(), .drain, "again")
      try expect(try bench.finish(run.lease), "the end of the run")
      try expectEqual(try inFlight("a"), false, "in flight, afterwards")
      try expectEqual(try conclude(), .done, "afterwards")
      try expectEqual(try bench.states(), "a drained, b active", "states, afterwards")
      try expectEqual(try conclude(), .done, "when it is over")
      try expectEqual(
        try bench.times("s1"), ["verify 2", "probe 3", "activate 4", "settle 6", "drain 0"], "steps")
      var unknown = begun
      unknown.id = "s9"
      try expectError(.notFound) { _ = try bench.store.concludeSwap(unknown, by: Bench.origin, now: bench.now) }
    },
  ]
}
