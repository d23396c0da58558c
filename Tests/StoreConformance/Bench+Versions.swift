import WorkflowModel
import WorkflowStore

/// Short words for the life of package versions.
extension Bench {
  func request(
    _ letter: Character, _ name: String = "demo", tenant: String = "public", reason: String? = nil
  ) -> VersionRequest {
    VersionRequest(tenant: tenant, package: name, digest: Bench.digest(letter), origin: Bench.origin, reason: reason)
  }

  /// Registers 1.0.0 as `a`, 1.1.0 as `b`, … and activates them in turn.
  func prepareVersions(_ count: Int, name: String = "demo") throws {
    for (index, letter) in "abcdef".prefix(count).enumerated() {
      try register(name, "1.\(index).0", letter)
      try activate(name, letter)
    }
  }

  /// `a active, b draining`: letters of digests and their states, in order of the letters.
  func states(_ name: String = "demo", tenant: String = "public") throws -> String {
    try store.packages(tenant: tenant, name: name).map { "\($0.digest.hex.first ?? "?") \($0.state.rawValue)" }
      .sorted().joined(separator: ", ")
  }

  /// Settles until nothing changes any more; what changed, as `a draining drained`.
  @discardableResult func settle() throws -> [String] {
    let settlement = try store.settleVersions(by: Bench.origin, now: now)
    let again = try store.settleVersions(by: Bench.origin, now: now)
    try expectEqual(again, Settlement(), "a second settling")
    return settlement.versions.map { "\($0.digest.hex.first ?? "?") \($0.from.rawValue) \($0.to.rawValue)" }.sorted()
  }

  /// Settles once: the swaps that were ended with their last steps, then the step of that one.
  func settleSwap(_ id: String) throws -> [String] {
    let ended = try store.settleVersions(by: Bench.origin, now: now).swaps
    return ended.map { "\($0.id) \($0.step)" } + [try unwrap(try store.swap(id), id).step.rawValue]
  }

  func activation() throws -> Activation? { try store.activation(tenant: "public", package: "demo") }

  @discardableResult func advance(
    _ step: VersionStepByHand, _ letter: Character, reason: String? = nil
  ) throws -> PackageRecord { try store.advance(step, request(letter, reason: reason), now: now) }

  func canary(
    _ letter: Character, _ parts: Int, rule: RollbackRule? = nil, swap: String? = nil
  ) throws -> CanaryRecord {
    let share = try unwrap(CanaryShare(parts: parts), "a share")
    return try store.setCanary(request(letter), share: share, rule: rule, swap: swap, now: now)
  }

  @discardableResult func remove(_ letter: Character, tenant: String = "public") throws -> Removal {
    try store.remove(request(letter, tenant: tenant), now: now)
  }

  @discardableResult func quarantine(_ letter: Character, _ version: String = "1.0.0") throws -> QuarantineRecord {
    try store.quarantine(
      QuarantineReport(
        tenant: "public", digest: Bench.digest(letter), name: "demo", version: version, code: "CLO-P041",
        reason: "it crashes: \"ü\"", origin: Bench.origin), now: now)
  }

  func swapStart(_ letter: Character, _ id: String, kind: SwapKind = .activate, timeout: Int64? = 1000) -> SwapStart {
    SwapStart(
      id: id, tenant: "public", package: "demo", kind: kind, to: Bench.digest(letter), version: "1.x",
      origin: Bench.origin, timeoutMilliseconds: timeout)
  }

  @discardableResult func beginSwap(
    _ letter: Character, _ id: String, kind: SwapKind = .activate, timeout: Int64? = 1000
  ) throws -> SwapRecord { try store.beginSwap(swapStart(letter, id, kind: kind, timeout: timeout), now: now) }

  /// Actions of the audit trail, oldest first, with the versions they are about.
  func trail(_ package: String = "demo") throws -> [String] {
    var filter = AuditFilter()
    filter.package = package
    filter.limit = 1000
    return try store.audit(filter).reversed().map { "\($0.entry.action) \($0.entry.version ?? "-")" }
  }

  /// The id of a run that draws this number.
  static func run(drawing number: Int, _ serial: Int = 0) -> RunID {
    let digits = String(number, radix: 16)
    let middle = String(serial + 0x8000, radix: 16)
    return RunID("01890000-0000-7000-\(middle)-0000" + String(repeating: "0", count: 8 - digits.count) + digits)
  }
}
