/// Decides whose run is next when several tenants have due ones: the best priority first, then the tenant that has
/// been served least for its weight, then the oldest run.
///
/// What each was served is remembered from claim to claim, so that tenants that always have due runs share small
/// claims too. A tenant that had none comes back on the level of the one that was served least.
struct TenantShares {
  /// The oldest due run of a tenant's best priority that is not yet chosen.
  struct Head {
    var tenant: String
    var weight: Int64
    var priority: Int64
    var createdAt: String
    var row: Int64
  }

  /// Tenants share each priority by itself.
  private struct Account: Hashable {
    var priority: Int64
    var tenant: String

    init(_ head: Head) {
      priority = head.priority
      tenant = head.tenant
    }
  }

  /// Runs served, divided by the weight, beyond those of the tenant that was served least.
  private var served: [Account: Double] = [:]

  /// The place in `heads` of the run that comes next, which counts as served; nil when there is none.
  mutating func serve(_ heads: [Head]) -> Int? {
    var best: (place: Int, level: Double)?
    for (place, head) in heads.enumerated() {
      let level = (served[Account(head)] ?? 0) + 1 / Double(head.weight)
      if let best, !TenantShares.precedes((head, level), (heads[best.place], best.level)) { continue }
      best = (place, level)
    }
    guard let best else { return nil }
    served[Account(heads[best.place])] = best.level
    return best.place
  }

  /// Ends a claim after which `heads` are left: accounts of tenants without due runs are closed.
  mutating func settle(_ heads: [Head]) {
    var least: [Int64: Double] = [:]
    for head in heads {
      let level = served[Account(head)] ?? 0
      least[head.priority] = min(least[head.priority] ?? level, level)
    }
    var left: [Account: Double] = [:]
    for head in heads {
      let level = (served[Account(head)] ?? 0) - (least[head.priority] ?? 0)
      if level > 0 { left[Account(head)] = level }
    }
    served = left
  }

  private static func precedes(_ a: (head: Head, level: Double), _ b: (head: Head, level: Double)) -> Bool {
    if a.head.priority != b.head.priority { return a.head.priority < b.head.priority }
    // Sums of thirds and the like differ in their last digits.
    if abs(a.level - b.level) > 1e-9 { return a.level < b.level }
    if a.head.createdAt != b.head.createdAt { return a.head.createdAt < b.head.createdAt }
    return a.head.row < b.head.row
  }
}
