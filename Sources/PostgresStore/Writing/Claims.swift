import Threading
import WorkflowModel
import WorkflowStore

/// Gives due runs to a node.
///
/// A claim reads its index from where the last one ended, tenant by tenant, because entries of runs that were claimed
/// stay in the index for as long as some transaction, anywhere, may still see them. Every quarter of a second, and
/// whenever a claim finds less than it asked for, the next one begins at the start again. Where that has become slow,
/// what lies behind is looked for beside the claims instead, and claimed by its ids.
final class Claims {
  /// Nanoseconds after which the whole index is looked at again, at the least.
  private static let refreshAfter: UInt64 = 250_000_000
  /// Looking at the whole index may take one part in so many of the time.
  static let refreshShare: UInt64 = 20
  /// Up to so many nanoseconds it is cheap enough to be done by the claims themselves.
  static let cheap: UInt64 = 10_000_000
  /// Nanoseconds that tell by themselves that it is not.
  private static let slow: UInt64 = 300_000_000
  /// A cost is the least of so many measured ones, so that a machine which was busy once counts for nothing.
  private static let samples = 4

  /// Steps that make runs claimable, before `claim`.
  static func prepare(_ now: Timestamp?) -> [Step] {
    let pins = Parameters()
    pins.add(time: now).add(ErrorClass.permanent.rawValue)
    pins.add("the payload is not a JSON object")
    let time = Parameters()
    time.add(time: now)
    return [Step(adopt, pins), Step(promote, time)]
  }

  /// Where a tenant's queue was read to.
  struct Cursor: Sendable {
    var priority: Int64
    /// As PostgreSQL keeps it: our milliseconds would lose its digits.
    var createdAt: Int64
    var id: UUIDBits
  }

  private let look: BehindLook
  private let cheap: UInt64
  private var cursors: [String: Cursor] = [:]
  /// What the last claim asked for: the cursors have passed over everything else.
  private var digests: Set<PackageDigest>?
  private var types: [String] = []
  private var refreshAt: UInt64 = 0
  private var isFresh = true
  private var wasShort = true
  /// Nanoseconds that the last looks at the whole index took.
  private var costs: [UInt64] = []
  /// Found behind the cursors, and not asked for yet.
  private var behind: [UUIDBits] = []
  /// Asked for or claimed since the look that is under way began: it may find these too.
  private var asked: Set<UUIDBits> = []
  /// The last look brought as much as a look may.
  private var isMoreBehind = false

  private var cost: UInt64 { costs.count < Claims.samples ? 0 : costs.min() ?? 0 }

  /// Reading the index from its start is left to looks beside the claims.
  var isBesideLook: Bool { cost >= cheap }

  /// - Parameter cheap: nanoseconds up to which claims look at the whole index themselves.
  init(look: BehindLook, cheap: UInt64) {
    self.look = look
    self.cheap = cheap
  }

  /// The steps that claim.
  func steps(_ request: ClaimRequest, _ now: Timestamp?) -> [Step] {
    if request.digests != digests || request.types != types {
      // What lies behind was found by another measure.
      (refreshAt, behind) = (0, [])
    }
    (digests, types) = (request.digests, request.types)
    guard !isBesideLook else { return stepsBesideLook(request, now) }
    behind = []
    if Clock.monotonic >= refreshAt || wasShort { cursors = [:] }
    isFresh = cursors.isEmpty
    return [queueStep(request, limit: request.limit, now)]
  }

  /// What was found behind goes first, in up to half of the room when there is a queue to go on with.
  private func stepsBesideLook(_ request: ClaimRequest, _ now: Timestamp?) -> [Step] {
    isFresh = false
    takeReport(request)
    if Clock.monotonic >= refreshAt, look.send(cursors, request) {
      // One that fails is repeated after this time.
      refreshAt = Clock.monotonic + Claims.refreshAfter
      asked = []
    }
    var steps: [Step] = []
    let ids = Array(behind.prefix(cursors.isEmpty ? request.limit : max(1, request.limit / 2)))
    behind.removeFirst(ids.count)
    if look.isOut { asked.formUnion(ids) }
    if !ids.isEmpty {
      let parameters = start(request, now).add(ids: ids)
      steps.append(
        step(Claims.claimBehind, filtered(parameters, request), request) { [self] count in
          gotBehind(count, of: ids.count)
        })
    }
    if ids.count < request.limit, !cursors.isEmpty {
      steps.append(queueStep(request, limit: request.limit - ids.count, now))
    }
    return steps
  }

  private func takeReport(_ request: ClaimRequest) {
    guard let report = look.report() else { return }
    costs = Array(repeating: report.cost, count: Claims.samples)
    guard report.finding.digests == request.digests, report.finding.types == request.types else {
      refreshAt = 0
      return
    }
    isMoreBehind = report.finding.runs.count == BehindLook.limit
    behind = report.finding.runs.filter { !asked.contains($0) }
    refreshAt = Clock.monotonic + max(Claims.refreshAfter, report.cost * Claims.refreshShare)
  }

  /// Where others had most of what was found, the rest is not worth asking for; at the end of a full list the next look
  /// begins at once.
  private func gotBehind(_ count: Int, of wanted: Int) {
    if count * 2 < wanted {
      (behind, isMoreBehind) = ([], false)
    } else if behind.isEmpty, isMoreBehind {
      (refreshAt, isMoreBehind) = (0, false)
    }
  }

  private func queueStep(_ request: ClaimRequest, limit: Int, _ now: Timestamp?) -> Step {
    let parameters = filtered(start(request, now).add(Int64(limit)), request)
    if !cursors.isEmpty { BehindLook.add(cursors, to: parameters) }
    switch cursors.count {
    case 0: return step(Claims.claimFresh, parameters, request)
    case 1: return step(Claims.claimOne, parameters, request)
    default: return step(Claims.claimMany, parameters, request)
    }
  }

  private func start(_ request: ClaimRequest, _ now: Timestamp?) -> Parameters {
    Parameters().add(time: now).add(request.node).add(request.leaseMilliseconds)
  }

  private func filtered(_ parameters: Parameters, _ request: ClaimRequest) -> Parameters {
    parameters.addOptional(texts: request.digests?.map(\.hex))
      .addOptional(texts: request.types.isEmpty ? nil : request.types)
  }

  private func step(
    _ statement: Statement, _ parameters: Parameters, _ request: ClaimRequest, got: @escaping (Int) -> Void = { _ in }
  ) -> Step {
    Step(statement, parameters) { [self] rows, outcome throws(StoreError) in
      let claimed = try read(rows)
      outcome.claimed += claimed
      forgetBehind(claimed)
      wasShort = outcome.claimed.count < request.limit
      got(rows.count)
    }
  }

  /// What the queue brought need not be asked for by its id: of a tenant without a cursor a look finds everything.
  private func forgetBehind(_ claimed: [ClaimedRun]) {
    guard !claimed.isEmpty, !behind.isEmpty || look.isOut else { return }
    let ids = Set(claimed.map { bits($0.lease.run) })
    if look.isOut { asked.formUnion(ids) }
    behind.removeAll { ids.contains($0) }
  }

  /// To be told how long the batch of the last steps took.
  func took(_ nanoseconds: UInt64) {
    guard isFresh else { return }
    costs =
      nanoseconds >= Claims.slow
      ? Array(repeating: nanoseconds, count: Claims.samples) : costs.suffix(Claims.samples - 1) + [nanoseconds]
    refreshAt = Clock.monotonic + max(Claims.refreshAfter, cost * Claims.refreshShare)
  }

  /// The whole index is looked at next: to be told when a batch was not committed, and how long that took.
  func forget(after nanoseconds: UInt64) {
    if nanoseconds >= Claims.slow { took(nanoseconds) }
    refreshAt = 0
  }

  /// The claimed runs in their order; notes how far each tenant's queue was read.
  private func read(_ rows: Rows) throws(StoreError) -> [ClaimedRun] {
    try Claims.read(rows) { tenant, cursor in
      if cursors[tenant].map({ $0 < cursor }) ?? true { cursors[tenant] = cursor }
    }
  }

  /// The claimed runs in their order.
  static func read(_ rows: Rows, note: (String, Cursor) -> Void = { _, _ in }) throws(StoreError) -> [ClaimedRun] {
    var names = NameCache()
    var found: [(cursor: Cursor, weight: Int64, run: ClaimedRun)] = []
    found.reserveCapacity(rows.count)
    for row in 0..<rows.count {
      let id = rows.id(row, 0)
      let cursor = Cursor(priority: rows.int(row, 9), createdAt: rows.int(row, 10), id: id)
      var run = ClaimedRun(
        lease: LeaseKey(run: id.run, epoch: rows.int(row, 7)), tenant: names.text(rows, row, 1),
        package: names.text(rows, row, 2), workflow: names.text(rows, row, 3), version: names.text(rows, row, 4),
        digest: try names.digest(rows, row, 5), input: rows.bytes(row, 6), losses: Int(rows.int(row, 8)),
        checkpoints: [])
      run.pinnedAt = rows.time(row, 13)
      // Both are microseconds; a run may be due since the beginning of time.
      run.waited = max(0, rows.int(row, 12) &- rows.int(row, 11)) / 1000
      note(run.tenant, cursor)
      found.append((cursor, rows.int(row, 14), run))
    }
    found.sort { $0.cursor < $1.cursor }
    return inTurns(found)
  }

  /// The runs, in order within each tenant, as the tenants' weights mix them.
  private static func inTurns(_ found: [(cursor: Cursor, weight: Int64, run: ClaimedRun)]) -> [ClaimedRun] {
    guard let first = found.first, found.contains(where: { $0.run.tenant != first.run.tenant }) else {
      return found.map(\.run)
    }
    var places: [String: (priority: Int64, count: Double)] = [:]
    let shares = found.map { entry in
      let tenant = entry.run.tenant
      let before = places[tenant].flatMap { $0.priority == entry.cursor.priority ? $0.count : nil } ?? 0
      places[tenant] = (entry.cursor.priority, before + 1)
      return (before + 0.5) / Double(entry.weight)
    }
    let order = found.indices.sorted { left, right in
      (found[left].cursor.priority, shares[left], left) < (found[right].cursor.priority, shares[right], right)
    }
    return order.map { found[$0].run }
  }

  /// Adds what earlier owners wrote. To be done once the claim is committed: nobody else can add to it then.
  static func addCheckpoints(to runs: inout [ClaimedRun], _ connection: Connection) throws(PostgresFailure) {
    // A first owner finds none: to write one takes a lease.
    let resumed = runs.indices.filter { runs[$0].lease.epoch > 1 }
    guard !resumed.isEmpty else { return }
    var places: [UUIDBits: Int] = [:]
    for place in resumed { places[bits(runs[place].lease.run)] = place }
    let parameters = Parameters()
    parameters.add(ids: Array(places.keys))
    let rows = try connection.run([Command(checkpoints, parameters)])[0]
    for row in 0..<rows.count {
      guard let place = places[rows.id(row, 0)], let checkpoint = TaskRunRow.checkpoint(rows, row, from: 1) else {
        continue
      }
      runs[place].checkpoints.append(checkpoint)
    }
  }
}

extension Claims.Cursor: Comparable {
  static func < (left: Claims.Cursor, right: Claims.Cursor) -> Bool {
    (left.priority, left.createdAt, left.id.high, left.id.low)
      < (right.priority, right.createdAt, right.id.high, right.id.low)
  }
}

/// Names that repeat from row to row, so that a claim of many runs does not allocate each anew.
struct NameCache {
  private var last: [Int32: String] = [:]
  private var lastDigest: PackageDigest?

  mutating func text(_ rows: Rows, _ row: Int, _ column: Int32) -> String {
    if let known = last[column], known.utf8.elementsEqual(rows.raw(row, column)) { return known }
    let text = rows.text(row, column)
    last[column] = text
    return text
  }

  mutating func digest(_ rows: Rows, _ row: Int, _ column: Int32) throws(StoreError) -> PackageDigest {
    if let lastDigest, lastDigest.hex.utf8.elementsEqual(rows.raw(row, column)) { return lastDigest }
    let digest = try rows.digest(row, column)
    lastDigest = digest
    return digest
  }
}
