import Synchronization
import Threading
import WorkflowModel
package import WorkflowStore

/// Told once, on a thread of the runtime, what became of a wait; must not block.
package typealias RunEndAnswer = @Sendable (Result<RunRecord, RuntimeError>) -> Void

/// Somebody's wait for the end of a run; can be called off.
package final class RunWait: Sendable {
  let id: RunID
  /// Monotonic nanoseconds; `.max` waits for ever.
  let deadline: UInt64
  let answer: RunEndAnswer

  init(_ id: RunID, deadline: UInt64, answer: @escaping RunEndAnswer) {
    self.id = id
    self.deadline = deadline
    self.answer = answer
  }
}

/// Tells many who asked when their runs are over: one thread for all of them, so that nobody has to block one.
final class RunEnds: Sendable {
  enum Message: Sendable {
    case wait(RunWait)
    case look(RunWait)
    case callOff(RunWait)
  }

  private let mailbox = Mailbox<Message>()
  private let thread = Mutex<NamedThread?>(nil)
  private let store: any WorkflowStore
  private let watch: RunWatch

  init(store: any WorkflowStore, watch: RunWatch) {
    self.store = store
    self.watch = watch
  }

  /// Has `answer` told when the run is over, or with its state at `deadline`.
  func wait(_ id: RunID, until deadline: UInt64, answer: @escaping RunEndAnswer) -> RunWait {
    let wait = RunWait(id, deadline: deadline, answer: answer)
    guard mailbox.post(.wait(wait)) else {
      answer(.failure(RunEnds.closed))
      return wait
    }
    thread.withLock { thread in
      thread =
        thread
        ?? NamedThread("run-ends") { [mailbox, store, watch] in
          RunEndsLoop(mailbox: mailbox, store: store, watch: watch).run()
        }
    }
    return wait
  }

  /// Ends a wait without an answer about the run: it is told that it was called off. One that is over is left alone.
  func callOff(_ wait: RunWait) { mailbox.post(.callOff(wait)) }

  /// Tells everyone who still waits that the engine is closed. Idempotent.
  func close() {
    mailbox.close()
    thread.withLock { running in
      running?.join()
      running = nil
    }
  }

  static let closed = RuntimeError(
    .unavailable, code: "CLO-E001", "the engine is closed",
    fix: "open the engine again; its runs go on then")

  static let calledOff = RuntimeError(
    .timeout, code: "CLO-E008", "the wait was called off before the run was over", fix: "the run goes on; wait again")
}

/// The body of the thread. Touched by it alone.
private final class RunEndsLoop {
  private struct Entry {
    let wait: RunWait
    var backoff: PollBackoff
    /// Monotonic nanoseconds of the next look.
    var lookAt: UInt64 = 0
  }

  private let mailbox: Mailbox<RunEnds.Message>
  private let store: any WorkflowStore
  private let watch: RunWatch
  private var entries: [ObjectIdentifier: Entry] = [:]

  init(mailbox: Mailbox<RunEnds.Message>, store: any WorkflowStore, watch: RunWatch) {
    self.mailbox = mailbox
    self.store = store
    self.watch = watch
  }

  func run() {
    while let messages = mailbox.take(until: entries.values.lazy.map(\.lookAt).min()) {
      for message in messages { take(message) }
      let now = Clock.monotonic
      for (name, entry) in entries where entry.lookAt <= now { look(name, entry) }
    }
    for name in Array(entries.keys) { end(name, .failure(RunEnds.closed)) }
  }

  private func take(_ message: RunEnds.Message) {
    switch message {
    case .wait(let wait):
      entries[ObjectIdentifier(wait)] = Entry(wait: wait, backoff: PollBackoff.runEnd(isShared: store.isShared))
    case .look(let wait): entries[ObjectIdentifier(wait)]?.lookAt = 0
    case .callOff(let wait): end(ObjectIdentifier(wait), .failure(RunEnds.calledOff))
    }
  }

  private func look(_ name: ObjectIdentifier, _ entry: Entry) {
    let wait = entry.wait
    watch.forget(wait.id, wait)
    watch.expect(wait.id, for: wait) { [mailbox] in mailbox.post(.look(wait)) }
    do throws(StoreError) {
      guard let record = try store.run(wait.id) else { return end(name, .failure(.unknownRun(wait.id))) }
      if record.status.isTerminal || Clock.monotonic >= wait.deadline { return end(name, .success(record)) }
    } catch {
      // A database that is away comes back; until then the run's end is not known.
      guard error.isTransient, Clock.monotonic < wait.deadline else { return end(name, .failure(RuntimeError(error))) }
    }
    var next = entry
    next.lookAt = min(wait.deadline, Clock.monotonic + UInt64(next.backoff.next()) * 1_000_000)
    entries[name] = next
  }

  private func end(_ name: ObjectIdentifier, _ result: Result<RunRecord, RuntimeError>) {
    guard let entry = entries.removeValue(forKey: name) else { return }
    watch.forget(entry.wait.id, entry.wait)
    entry.wait.answer(result)
  }
}
