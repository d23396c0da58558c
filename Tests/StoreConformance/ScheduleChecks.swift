import WorkflowModel
import WorkflowStore

/// Short words for schedules.
extension Bench {
  static let scheduleID = "00000000-0000-4000-8000-00000000000a"

  /// Inserts a schedule by plain SQL, named only where it differs from the defaults.
  func addSchedule(_ id: String = scheduleID, _ columns: String = "", _ values: String = "") throws {
    try sql(
      "INSERT INTO workflow_schedule (id, type, schedule\(columns)) VALUES ('\(id)', 'demo.flow', '* * * * *'\(values))"
    )
  }

  func due(_ limit: Int = 100) throws -> DueSchedules { try store.dueSchedules(now: now, limit: limit) }

  func schedule(_ id: String = scheduleID) throws -> ScheduleRecord {
    try unwrap(try store.schedules(tenant: nil).first { $0.id == id }, "schedule \(id)")
  }

  /// Takes the lead of the duty.
  func scheduleKey(_ node: String = "a") throws -> DutyKey {
    DutyKey(duty: .schedule, node: node, epoch: try unwrap(try lead(.schedule, node: node), "the lead"))
  }

  func fire(_ fire: ScheduleFire) throws -> ScheduleFireOutcome {
    let outcomes = try apply { $0.scheduleFires = [fire] }.scheduleFires
    try expectEqual(outcomes.count, 1, "outcomes of one fire")
    return outcomes[0]
  }

  /// The fire that brings a schedule to `next` by way of `slots`.
  func fire(
    _ key: DutyKey, _ schedule: ScheduleRecord, next: Timestamp?, slots: [Timestamp] = [], failure: String? = nil
  ) throws -> ScheduleFireOutcome {
    try fire(
      ScheduleFire(
        key: key, id: schedule.id, readNextRunAt: schedule.nextRunAt, nextRunAt: next, slots: slots, failure: failure))
  }

  func run(ofSlot slot: Timestamp, schedule: String = scheduleID, tenant: String = "public") throws -> RunRecord? {
    try store.run(
      tenant: tenant, idempotencyKey: ScheduleFire.idempotencyKey(schedule: schedule, slot: slot))
  }
}

/// A time as plain SQL writes it.
private func literal(_ time: Timestamp) -> String { "'\(TimestampFormat.rfc3339(time))'" }

extension StoreCheck {
  static let scheduleChecks: [StoreCheck] = scheduleReadingChecks + scheduleFireChecks + scheduleEditChecks

  private static let scheduleReadingChecks: [StoreCheck] = [
    StoreCheck("a schedule of plain SQL needs a type and a cron text only, and is due until it has a next time") {
      bench in
      try bench.sql("INSERT INTO workflow_schedule (type, schedule) VALUES ('demo.flow', '0 9 * * MON')")
      let found = try bench.due()
      try expectEqual(found.due.count, 1, "due")
      try expectEqual(found.now, bench.now, "the time")
      try expectEqual(found.nextRunAt, nil, "the next time of all")
      let schedule = found.due[0]
      try expectEqual([schedule.type, schedule.schedule], ["demo.flow", "0 9 * * MON"], "what and when")
      try expectEqual([schedule.tenant, schedule.timezone], ["public", "UTC"], "tenant and zone")
      try expectEqual(schedule.catchUp, .one, "catch_up")
      try expect(schedule.isEnabled && schedule.lastError == nil && schedule.lastRunAt == nil, "nothing has happened")
      try expectEqual(try bench.store.schedules(tenant: "public"), [schedule], "the list")
      try expectEqual(try bench.store.schedules(tenant: "other"), [], "another tenant's list")
    },
    StoreCheck("the longest due schedules come first, and the next time of the others is told") { bench in
      for (letter, offset) in [("b", -1), ("c", -5000), ("d", 0), ("e", 1), ("f", 9000)] as [(String, Int64)] {
        let id = Bench.scheduleID.dropLast() + letter
        try bench.addSchedule(String(id), ", next_run_at", ", \(literal(bench.now + offset))")
      }
      try bench.addSchedule()
      func letters(_ found: DueSchedules) -> String { String(found.due.compactMap(\.id.last)) }
      try expectEqual(letters(try bench.due()), "acbd", "due")
      try expectEqual(letters(try bench.due(2)), "ac", "two of them")
      try expectEqual(try bench.due().nextRunAt, bench.now + 1, "the next time")
      bench.now += 20_000
      try expectEqual(letters(try bench.due()), "acbdef", "due later")
      try expectEqual(try bench.due().nextRunAt, nil, "no next time")
    },
    StoreCheck("disabled and deleted schedules are never due") { bench in
      try bench.addSchedule(Bench.scheduleID, ", enabled", ", false")
      try bench.addSchedule("00000000-0000-4000-8000-00000000000b", ", deleted_at", ", \(literal(bench.now))")
      try expectEqual(try bench.due(), DueSchedules(now: bench.now, due: [], nextRunAt: nil), "due")
      try expectEqual(try bench.store.schedules(tenant: nil).map(\.id), [Bench.scheduleID], "the list")
      try expect(!(try bench.schedule().isEnabled), "disabled")
    },
    StoreCheck("an unknown catch_up is refused by the schema") { bench in
      var isRefused = false
      do { try bench.addSchedule(Bench.scheduleID, ", catch_up", ", 'some'") } catch { isRefused = true }
      try expect(isRefused, "refused")
    },
  ]

  private static let scheduleFireChecks: [StoreCheck] = [
    StoreCheck("a fire inserts a run like plain SQL, which the next claim pins") { bench in
      try bench.prepareDemo()
      try bench.addSchedule(
        Bench.scheduleID, ", payload, priority, next_run_at", #", '{"k": 1.50}', 7, \#(literal(bench.now - 5123))"#)
      let (key, slot) = (try bench.scheduleKey(), bench.now - 5123)
      let read = try bench.schedule()
      try expectEqual(read.nextRunAt, slot, "the time read")
      try expectEqual(try bench.fire(key, read, next: bench.now + 60_000, slots: [slot]), .fired, "outcome")
      let run = try unwrap(try bench.run(ofSlot: slot), "the run")
      try expectEqual(run.idempotencyKey, "schedule:\(read.id):1799999995", "key")
      try expectEqual([run.type, run.tenant], ["demo.flow", "public"], "type and tenant")
      try expectEqual([run.priority, Int(run.runAt - bench.now)], [7, 0], "priority and delay")
      try expectEqual(run.digest, nil, "pin before the claim")
      try expectEqual(try bench.eventTypes(run.id), ["created"], "events")
      let moved = try bench.schedule()
      try expectEqual(moved.nextRunAt, bench.now + 60_000, "next")
      try expectEqual(moved.lastRunAt, bench.now, "last")
      let claimed = try bench.claim()
      try expectEqual(claimed.map(\.lease.run), [run.id], "claimed")
      try expect(claimed[0].input == Array(#"{"k": 1.50}"#.utf8), "the payload to the byte")
      try expectEqual(claimed[0].digest, Bench.digest("a"), "pin")
    },
    StoreCheck("a fire of another tenant's schedule keeps to that tenant") { bench in
      try bench.addSchedule(Bench.scheduleID, ", tenant_id", ", 'acme'")
      let slot = bench.now - 1000
      try expectEqual(
        try bench.fire(try bench.scheduleKey(), try bench.schedule(), next: bench.now + 1, slots: [slot]), .fired,
        "fire")
      try expectEqual(try bench.run(ofSlot: slot, tenant: "acme")?.tenant, "acme", "tenant of the run")
      try expect(try bench.run(ofSlot: slot) == nil, "no run of another tenant has the key")
    },
    StoreCheck("every slot of a fire gets its run, and no slot a second one") { bench in
      try bench.addSchedule()
      let key = try bench.scheduleKey()
      let slots = [bench.now - 120_000, bench.now - 60_000, bench.now]
      try expectEqual(try bench.fire(key, try bench.schedule(), next: bench.now + 1, slots: slots), .fired, "three")
      let ids = try slots.map { slot in try unwrap(try bench.run(ofSlot: slot), "run").id }
      try expectEqual(
        try bench.fire(key, try bench.schedule(), next: bench.now + 2, slots: slots), .fired, "the same again")
      try expectEqual(try slots.map { slot in try bench.run(ofSlot: slot)?.id }, ids, "runs")
      try expectEqual(try bench.store.counts(tenant: nil).runs[.pending], 3, "pending runs")
      for id in ids { try expectEqual(try bench.eventTypes(id), ["created"], "events") }
    },
    StoreCheck("a schedule that is given its first time fires nothing") { bench in
      try bench.addSchedule()
      try expectEqual(
        try bench.fire(try bench.scheduleKey(), try bench.schedule(), next: bench.now + 5), .fired, "outcome")
      let schedule = try bench.schedule()
      try expectEqual(schedule.nextRunAt, bench.now + 5, "next")
      try expectEqual(schedule.lastRunAt, nil, "last")
      try expectEqual(try bench.due().nextRunAt, bench.now + 5, "the next time of all")
    },
    StoreCheck("a schedule that changed since it was read is left alone") { bench in
      try bench.addSchedule(Bench.scheduleID, ", next_run_at", ", \(literal(bench.now))")
      let (key, read) = (try bench.scheduleKey(), try bench.schedule())
      func left(_ change: String, _ what: String) throws {
        try bench.sql("UPDATE workflow_schedule SET \(change)")
        let before = try bench.store.schedules(tenant: nil)
        let outcome = try bench.fire(key, read, next: bench.now + 60_000, slots: [bench.now])
        try expectEqual(outcome, .superseded, what)
        try expectEqual(try bench.store.schedules(tenant: nil), before, "the schedule, \(what)")
        try expect(try bench.run(ofSlot: bench.now) == nil, "no run, \(what)")
      }
      try left("next_run_at = \(literal(bench.now + 1))", "moved")
      try left("next_run_at = NULL", "to be reckoned")
      try left("next_run_at = \(literal(bench.now)), enabled = false", "disabled")
      try left("enabled = true, next_run_at = \(literal(bench.now)), deleted_at = \(literal(bench.now))", "deleted")
      let stranger = ScheduleFire(
        key: key, id: "no such id", readNextRunAt: nil, nextRunAt: bench.now, slots: [bench.now], failure: nil)
      try expectEqual(try bench.fire(stranger), .superseded, "no schedule at all")
    },
    StoreCheck("a time that is finer than a millisecond is read and moved on") { bench in
      let fine = TimestampFormat.rfc3339(bench.now - 10).dropLast() + "567Z"
      try bench.addSchedule(Bench.scheduleID, ", next_run_at", ", '\(fine)'")
      try expectEqual(try bench.due().due.count, 1, "due")
      try expectEqual(
        try bench.fire(try bench.scheduleKey(), try bench.schedule(), next: bench.now + 5, slots: [bench.now]), .fired,
        "outcome")
    },
    StoreCheck("who does not lead fires nothing") { bench in
      try bench.addSchedule()
      let read = try bench.schedule()
      func refused(_ node: String, _ epoch: Int64, _ what: String, duty: Duty = .schedule) throws {
        let key = DutyKey(duty: duty, node: node, epoch: epoch)
        try expectEqual(try bench.fire(key, read, next: bench.now, slots: [bench.now]), .notLeading, what)
        try expectEqual(try bench.schedule(), read, "the schedule after a fire by \(what)")
        try expect(try bench.run(ofSlot: bench.now) == nil, "no run after a fire by \(what)")
      }
      try refused("a", 1, "somebody, while nobody leads")
      try expectEqual(try bench.lead(.schedule, node: "a"), 1, "the lead of a")
      try refused("a", 1, "the leader for another duty", duty: .sweep)
      bench.now += Bench.lease + 1
      try refused("a", 1, "a leader whose lead has lapsed")
      try expectEqual(try bench.lead(.sweep, node: "c"), 1, "the lead of another duty")
      try expectEqual(try bench.lead(.schedule, node: "b"), 2, "the lead of b")
      try refused("a", 1, "an earlier leader")
      try refused("c", 1, "the leader of another duty")
      try refused("b", 3, "the leader under a later epoch")
      let mixed = try bench.apply { batch in
        batch.scheduleFires = [(Int64(1), "a"), (2, "b")].map { epoch, node in
          ScheduleFire(
            key: DutyKey(duty: .schedule, node: node, epoch: epoch), id: read.id, readNextRunAt: nil,
            nextRunAt: bench.now + 1, slots: [], failure: nil)
        }
      }
      try expectEqual(mixed.scheduleFires, [.notLeading, .fired], "one batch of two leaders")
    },
  ]

  private static let scheduleEditChecks: [StoreCheck] = [
    StoreCheck("a schedule that cannot go on is disabled with the reason until someone mends it") { bench in
      try bench.addSchedule(Bench.scheduleID, ", next_run_at", ", \(literal(bench.now))")
      let key = try bench.scheduleKey()
      try expectEqual(try bench.fire(key, try bench.schedule(), next: nil, failure: "no zone 'X'"), .fired, "outcome")
      let broken = try bench.schedule()
      try expect(!broken.isEnabled, "disabled")
      try expectEqual(broken.lastError, "no zone 'X'", "reason")
      try expectEqual(try bench.due().due, [], "due")
      try bench.sql("UPDATE workflow_schedule SET timezone = 'Europe/Berlin', enabled = true")
      let mended = try bench.schedule()
      try expect(mended.isEnabled && mended.lastError == nil && mended.nextRunAt == nil, "to be reckoned again")
      try expectEqual(try bench.due().due, [mended], "due")
    },
    StoreCheck("a changed or resumed schedule goes on from now, unless it is told when") { bench in
      let past = bench.now - 86_400_000
      try bench.addSchedule(Bench.scheduleID, ", next_run_at", ", \(literal(past))")
      try bench.sql("UPDATE workflow_schedule SET priority = 5")
      try expectEqual(try bench.schedule().nextRunAt, past, "after a change of the priority")
      try bench.sql("UPDATE workflow_schedule SET schedule = '5 * * * *'")
      try expectEqual(try bench.schedule().nextRunAt, nil, "after a change of the cron text")
      try bench.sql("UPDATE workflow_schedule SET next_run_at = \(literal(past)), schedule = '6 * * * *'")
      try expectEqual(try bench.schedule().nextRunAt, past, "after both")
      try bench.sql("UPDATE workflow_schedule SET enabled = false")
      try expectEqual(try bench.schedule().nextRunAt, past, "after a pause")
      try bench.sql("UPDATE workflow_schedule SET enabled = true")
      try expectEqual(try bench.schedule().nextRunAt, nil, "after resuming")
    },
  ]
}
