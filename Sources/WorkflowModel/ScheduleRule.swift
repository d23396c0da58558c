/// What becomes of the times of a schedule that passed while nobody looked.
package enum CatchUp: String, Sendable, CaseIterable {
  /// They are skipped.
  case none
  /// One run stands for all of them.
  case one
  /// Each gets its run.
  case all
}

/// When a schedule fires and what follows; no clock, no store.
package struct ScheduleRule: Sendable, Equatable {
  /// What is to be done for a schedule now.
  package struct Turn: Sendable, Equatable {
    /// Times that each get a run, ascending.
    package var slots: [Timestamp]
    /// When it fires next, which is past where more slots are left for the next turn; nil: never.
    package var next: Timestamp?
  }

  /// A slot is missed when it is older than this many milliseconds.
  static let tolerance: Int64 = 60_000
  /// Slots of one turn.
  static let limit = 100

  package var cron: CronExpression
  package var zone: TimeZoneRules
  package var catchUp: CatchUp

  package init(cron: CronExpression, zone: TimeZoneRules, catchUp: CatchUp) {
    self.cron = cron
    self.zone = zone
    self.catchUp = catchUp
  }

  /// - Parameter due: when it was to fire next; nil when nobody has said yet.
  package func turn(due: Timestamp?, now: Timestamp) -> Turn {
    guard let due, due <= now else { return Turn(slots: [], next: due ?? next(after: now)) }
    switch catchUp {
    case .one: return Turn(slots: [due], next: next(after: now))
    case .all: return walk(from: due, now: now)
    case .none:
      let horizon = now - ScheduleRule.tolerance
      return walk(from: due >= horizon ? due : next(after: horizon - 1), now: now)
    }
  }

  private func walk(from first: Timestamp?, now: Timestamp) -> Turn {
    var turn = Turn(slots: [], next: first)
    while let slot = turn.next, slot <= now, turn.slots.count < ScheduleRule.limit {
      turn.slots.append(slot)
      turn.next = next(after: slot)
    }
    return turn
  }

  private func next(after time: Timestamp) -> Timestamp? { cron.next(after: time, in: zone) }
}
