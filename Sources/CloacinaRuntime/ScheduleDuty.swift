import WorkflowModel
import WorkflowStore

/// Fires the schedules whose time has come, while this node leads that duty. Touched by one thread at a time.
final class ScheduleDuty {
  typealias Zones = @Sendable (String) throws(ZoneFiles.Failure) -> TimeZoneRules

  /// Schedules of one transaction.
  static let limit = 100
  /// Runs after which a transaction takes in no further schedule.
  static let runLimit = 500

  private let node: String
  private let isShared: Bool
  private let zones: Zones
  private var key: DutyKey?
  private var nextLook: Timestamp = 0
  /// When to ask a database of our own whether somebody else wrote to it.
  private var nextGlance = Timestamp.max
  private var lastChange: Int64?
  /// Why some schedules wait, on this machine.
  private(set) var obstacle: String?

  init(node: String, isShared: Bool, zones: @escaping Zones) {
    self.node = node
    self.isShared = isShared
    self.zones = zones
  }

  /// Milliseconds since 1970 at which there is something to do; nil while another node leads.
  var nextTurn: Timestamp? { key == nil ? nil : min(nextLook, nextGlance) }

  /// Says by which epoch this node leads, if it does; who begins to lead looks at once.
  func lead(_ epoch: Int64?) {
    guard epoch != key?.epoch else { return }
    key = epoch.map { DutyKey(duty: .schedule, node: node, epoch: $0) }
    nextLook = 0
    obstacle = nil
  }

  /// Says that schedules have changed.
  func changed() { nextLook = 0 }

  /// Does what is due at `now`.
  ///
  /// - Returns: true when there are new runs.
  func turn(_ store: any WorkflowStore, now: Timestamp) throws(StoreError) -> Bool {
    guard let key, now >= min(nextLook, nextGlance) else { return false }
    let isGlance = now < nextLook
    if !isShared {
      nextGlance = now + NodeTiming.glancePause
      let change = try store.changeCounter()
      let isNew = change != lastChange
      lastChange = change
      if isGlance, !isNew { return false }
    }
    nextLook = now + NodeTiming.sharedPause  // for when the store does not answer
    return try look(store, key, now: now)
  }

  private func look(_ store: any WorkflowStore, _ key: DutyKey, now: Timestamp) throws(StoreError) -> Bool {
    let found = try store.dueSchedules(now: now, limit: ScheduleDuty.limit)
    let (fires, isCut) = fires(found, key)
    let next = ([found.nextRunAt] + fires.map(\.nextRunAt)).compactMap { $0 }.min()
    let poll = isShared ? NodeTiming.schedulePause : NodeTiming.localPause
    nextLook = now + min(poll, max(1, (next ?? .max) - found.now))
    guard !fires.isEmpty else { return false }
    var batch = StoreBatch(now: found.now)
    batch.scheduleFires = fires
    let outcomes = try store.apply(batch).scheduleFires
    if outcomes.contains(.notLeading) { self.key = nil }
    // There is more to do at once, unless this could not be written.
    if isCut || found.due.count == ScheduleDuty.limit, outcomes.contains(.fired) { nextLook = now }
    return zip(fires, outcomes).contains { $1 == .fired && !$0.slots.isEmpty }
  }

  /// What is to be written, and whether something was left for the next time.
  private func fires(_ found: DueSchedules, _ key: DutyKey) -> ([ScheduleFire], isCut: Bool) {
    obstacle = nil
    var fires: [ScheduleFire] = []
    var runs = 0
    for schedule in found.due {
      guard runs < ScheduleDuty.runLimit else { return (fires, true) }
      do throws(ZoneFiles.Failure) {
        let fire = try ScheduleDuty.fire(schedule, key, now: found.now, zones: zones)
        runs += fire.slots.count
        fires.append(fire)
      } catch { if case .machine(let reason) = error { obstacle = reason } }
    }
    return (fires, false)
  }

  /// What is to be written for a schedule that is due or has no next time.
  ///
  /// - Throws: `.machine` when this machine cannot tell; what nobody can tell becomes the fire's failure.
  static func fire(_ schedule: ScheduleRecord, _ key: DutyKey, now: Timestamp, zones: Zones)
    throws(ZoneFiles.Failure) -> ScheduleFire
  {
    var fire = ScheduleFire(
      key: key, id: schedule.id, readNextRunAt: schedule.nextRunAt, nextRunAt: nil, slots: [], failure: nil)
    do throws(ZoneFiles.Failure) {
      let turn = try rule(of: schedule, zones).turn(due: schedule.nextRunAt, now: now)
      (fire.slots, fire.nextRunAt) = (turn.slots, turn.next)
      if turn.next == nil { fire.failure = "'\(schedule.schedule)' does not come again within five years" }
    } catch {
      guard case .unknown(let reason) = error else { throw error }
      fire.failure = reason
    }
    return fire
  }

  private static func rule(of schedule: ScheduleRecord, _ zones: Zones) throws(ZoneFiles.Failure) -> ScheduleRule {
    let cron: CronExpression
    do throws(CronError) { cron = try CronExpression(schedule.schedule) } catch { throw .unknown(error.description) }
    return ScheduleRule(cron: cron, zone: try zones(schedule.timezone), catchUp: schedule.catchUp)
  }
}
