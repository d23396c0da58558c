import Testing

@testable import WorkflowModel

/// What is said of a run of which something was done more than once, or that has another version than it began with.
@Suite struct RetryExplanationTests {
  private static let one = PackageDigest(hex: String(repeating: "a", count: 64))!
  private static let two = PackageDigest(hex: String(repeating: "b", count: 64))!

  /// A run of demo.flow 1.0.0, `a` then `b` with three attempts, at time 10,000.
  private func explain(_ status: RunStatus, _ change: (inout RunFacts) -> Void) -> Explanation {
    var facts = RunFacts(
      id: RunID("r1"), tenant: "public", type: "demo.flow", status: status, createdAt: 1000, runAt: 1000, now: 10_000,
      isShared: false)
    (facts.version, facts.digest, facts.completedAt) = ("1.0.0", RetryExplanationTests.one, 9000)
    var second = TaskDefinition(id: "b", dependencies: ["a"])
    second.retry.maxAttempts = 3
    facts.definition = WorkflowDefinition(name: "flow", tasks: [TaskDefinition(id: "a"), second])
    facts.activations = [ActivationFact(version: "1.0.0", digest: RetryExplanationTests.one, epoch: 1, at: 500)]
    change(&facts)
    return Explanation(facts)
  }

  private func ended(_ task: String, _ status: TaskStatus, _ attempt: Int = 1, _ failure: Failure? = nil)
    -> TaskCheckpoint
  {
    var checkpoint = TaskCheckpoint(task: task, attempt: attempt, status: status, finishedAt: 3000)
    checkpoint.failure = failure
    return checkpoint
  }

  private func event(_ type: String, _ json: String, at: Timestamp = 4000) -> EventFact {
    EventFact(type: type, data: (try? JSONReader.read(json)) ?? .null, at: at)
  }

  private func retries(_ explanation: Explanation) -> [Finding] { explanation.findings.filter { $0.code == .retried } }

  // MARK: Attempts

  @Test func aTaskThatSucceededAtLastTellsItsAttempts() {
    let explanation = explain(.succeeded) {
      $0.checkpoints = [
        ended("a", .succeeded), ended("b", .pending, 1, Failure(.error, "no answer")), ended("b", .succeeded, 2),
      ]
    }
    #expect(explanation.findings.map(\.code) == [.succeeded, .retried, .version])
    let finding = explanation.findings[1]
    #expect(finding.task == "b")
    #expect(finding.because == "task 'b' was tried again and succeeded in attempt 2 of 3")
    #expect(finding.evidence == ["attempt 1 at 1970-01-01T00:00:03.000Z: error: no answer"])
  }

  @Test func attemptsAreToldOnceAndInTheWordsOfWhatCameOfThem() {
    let first = ended("b", .pending, 1, Failure(.error, "no answer"))
    let failed = explain(.failed) {
      $0.checkpoints = [ended("a", .succeeded), first, ended("b", .failed, 2, Failure(.permanent, "no"))]
    }
    #expect(retries(failed) == [], "the failure tells every attempt")
    #expect(failed.findings[0].evidence.count == 2)
    let cancelled = explain(.cancelled) { $0.checkpoints = [ended("a", .succeeded), first] }
    #expect(
      retries(cancelled).map(\.because) == ["task 'b' was to be tried again after attempt 1 of 3 when the run ended"])
    let stopped = explain(.cancelled) { $0.checkpoints = [first, ended("b", .cancelled, 2)] }
    #expect(retries(stopped).map(\.because) == ["task 'b' was tried again and ended as cancelled in attempt 2 of 3"])
    let open = explain(.pending) { $0.checkpoints = [ended("a", .succeeded), first] }
    #expect(retries(open).map(\.because) == ["task 'b' is tried again after attempt 1 of 3"])
    let once = explain(.succeeded) { $0.checkpoints = [ended("a", .succeeded), ended("b", .succeeded)] }
    #expect(retries(once) == [])
  }

  // MARK: Opened again

  @Test func aRunThatWasOpenedAgainSaysWhenAndFromWhere() {
    let data = #"{"from": "failed", "tasks": ["b"], "version": "1.1.0", "from_version": "1.0.0", "set": ["rows"]}"#
    let once = retries(explain(.pending) { $0.events = [event("retried", data)] })
    #expect(once.map(\.because) == ["it was over and was opened again at 1970-01-01T00:00:04.000Z"])
    #expect(
      once[0].evidence == [
        "1970-01-01T00:00:04.000Z: from failed, on 1.1.0 after 1.0.0; done again: b; changed in the input: rows"
      ])
    let twice = explain(.pending) { $0.events = [event("retried", "{}"), event("retried", "{}", at: 5000)] }
    #expect(
      retries(twice)[0].because
        == "it was over and was opened again 2 times, the last time at 1970-01-01T00:00:05.000Z")
    #expect(twice.since == 5000, "it waits since then")
  }

  @Test func whatEndedBeforeItWasOpenedAgainIsNotHowItEnded() {
    let again = [ended("b", .pending, 0), ended("c", .pending, 0)]
    let before = [
      ended("a", .succeeded), ended("b", .pending, 1, Failure(.error, "first")),
      ended("b", .failed, 2, Failure(.permanent, "no")), ended("c", .skipped, 0),
    ]
    let well = explain(.succeeded) {
      $0.definition?.tasks.append(TaskDefinition(id: "c", dependencies: ["b"]))
      $0.checkpoints = before + again + [ended("b", .succeeded), ended("c", .succeeded)]
    }
    #expect(well.findings.map(\.code) == [.succeeded, .version], "nothing was skipped, and no failure was handled")
    let failed = explain(.failed) {
      $0.checkpoints = before + again + [ended("b", .failed, 1, Failure(.permanent, "x"))]
    }
    let ends = failed.findings.filter { $0.code == .failed }
    #expect(ends.map(\.because) == ["task 'b' failed for good in attempt 1 of 3"])
    #expect(ends[0].evidence == ["attempt 1 at 1970-01-01T00:00:03.000Z: permanent: x"])
  }

  // MARK: Versions

  private func version(_ events: [EventFact]) -> String? {
    explain(.succeeded) { $0.events = events }.findings.last { $0.code == .version }?.because
  }

  @Test func theLastMoveToAVersionIsWhyTheRunHasIt() {
    let (a, b) = (RetryExplanationTests.one.hex, RetryExplanationTests.two.hex)
    let away = event("migrated", "{\"digest\": \"\(b)\", \"by\": \"request\"}", at: 4000)
    let back = event("retried", "{\"from\": \"start\", \"digest\": \"\(a)\"}", at: 5000)
    #expect(
      version([away, back])
        == "it ran on 1.0.0 because it was opened again on that version at 1970-01-01T00:00:05.000Z")
    let same = event("retried", "{\"from\": \"start\"}", at: 6000)
    #expect(version([away, back, same])?.hasSuffix("00:05.000Z") == true, "without another version nothing was moved")
    let asked = event("migrated", "{\"digest\": \"\(a)\", \"by\": \"request\"}", at: 6000)
    #expect(version([away, back, asked])?.hasSuffix("moved there at 1970-01-01T00:00:06.000Z, on request") == true)
    let followed = event("migrated", "{\"digest\": \"\(a)\", \"by\": \"upgrade\"}", at: 7000)
    #expect(
      version([followed])?.hasSuffix("because its workflow follows the active version (upgrade = next-task)") == true)
    #expect(version([same]) == "it ran on 1.0.0 because that version was active when the run was stored")
  }

  @Test func versionsThatTheRunDidNotTakeUpAreNamedOnce() {
    func refused(_ version: String, _ digest: String, at: Timestamp) -> EventFact {
      event(
        "upgrade_refused",
        "{\"from\": \"1.0.0\", \"to\": \"\(version)\", \"digest\": \"\(digest)\", \"reason\": \"no task 'a'\"}", at: at)
    }
    let found = explain(.succeeded) {
      $0.events = [refused("2.0.0", "b", at: 1), refused("2.0.0", "b", at: 2), refused("3.0.0", "c", at: 3)]
    }.findings.filter { $0.code == .upgradeRefused }
    #expect(
      found.map(\.because) == ["it did not go on by 2.0.0: no task 'a'", "it did not go on by 3.0.0: no task 'a'"])
    #expect(found[0].evidence == ["refused at 1970-01-01T00:00:00.002Z, it was on 1.0.0 then"])
  }
}
