/// Where the queue of an executor stands.
package struct CallQueue: Sendable, Equatable {
  /// Calls it was given since it was made.
  package var taken: Int
  /// Calls that have ended on a slot since it was made.
  package var ended: Int
  /// Calls that wait for a slot.
  package var waiting: Int

  package init(taken: Int, ended: Int, waiting: Int) {
    self.taken = taken
    self.ended = ended
    self.waiting = waiting
  }
}

/// Which of the waiting calls are wanted back.
package struct Withdrawal: Sendable, Equatable {
  /// At most so many, the newest of those that may go.
  package var limit: Int
  /// The oldest calls, which stay.
  package var leaving: Int
  /// The newest calls, which stay too: they have hardly waited.
  package var sparing: Int

  package init(limit: Int, leaving: Int, sparing: Int) {
    self.limit = limit
    self.leaving = leaving
    self.sparing = sparing
  }

  /// Every call that waits.
  package static let everything = Withdrawal(limit: .max, leaving: 0, sparing: 0)
}

/// Judges which waiting calls a node will not begin soon, from how fast its queue has moved.
///
/// A call that is given away costs several writes, so a queue is left alone as far as it moves: what the slots hold
/// once more stays, and whatever would begin within ``horizon`` at the pace of the last such time.
package struct Backlog: Sendable {
  /// Nanoseconds between two looks at the queue, and the least time a call must have waited.
  package static let interval: UInt64 = 50_000_000
  /// Nanoseconds within which «soon» lies.
  package static let horizon: UInt64 = 500_000_000

  private struct Mark {
    var time: UInt64
    var queue: CallQueue
  }

  /// Earlier looks within the horizon, oldest first.
  private var marks: [Mark] = []

  package init() {}

  /// Takes in one look at the queue; nil when everything is to stay.
  package mutating func look(_ queue: CallQueue, slots: Int, at now: UInt64) -> Withdrawal? {
    marks.removeAll { $0.time + Backlog.horizon < now }
    defer { marks.append(Mark(time: now, queue: queue)) }
    guard let oldest = marks.first, let recent = marks.last(where: { $0.time + Backlog.interval <= now }) else {
      return nil
    }
    // As many begin as slots become free.
    let begun = Double(queue.ended - oldest.queue.ended)
    let soon = Int(begun * Double(Backlog.horizon) / Double(now - oldest.time))
    let withdrawal = Withdrawal(
      limit: max(64, slots * 2), leaving: max(slots, soon), sparing: queue.taken - recent.queue.taken)
    return queue.waiting > withdrawal.leaving + withdrawal.sparing ? withdrawal : nil
  }
}
