import Scheduler
import Synchronization
import Telemetry
import WorkflowModel
package import WorkflowStore

extension Runtime {
  /// The activation with the rule it is under.
  func withRule(_ activation: Activation) throws(RuntimeError) -> Activation {
    try store { store throws(StoreError) in
      activation.under(try store.rollbackRecords(tenant: activation.tenant, package: activation.package))
    }
  }

  /// The rule that the canary is under; nil: none.
  func rule(of canary: CanaryRecord) throws(RuntimeError) -> String? {
    guard let number = canary.rule else { return nil }
    let key = RuleKey(tenant: canary.tenant, package: canary.package, epoch: number)
    let records = try store { store throws(StoreError) in
      try store.rollbackRecords(tenant: canary.tenant, package: canary.package)
    }
    return records.first { $0.key == key }?.rule
  }

  /// Refuses a rule for a version after whose activation there would be none to return to.
  func refuseWithoutReturn(
    _ record: PackageRecord, _ before: Activation?, _ options: SwapOptions
  ) throws(RuntimeError) {
    guard options.rule != nil else { return }
    let target = before?.digest == record.digest ? before?.previous : before?.digest
    guard target == nil else { return }
    throw RuntimeError(
      .refused, code: "CLO-R070",
      "package '\(record.name)' has no earlier active version to which \(record.version) could be rolled back",
      fix: "activate it without --rollback-on")
  }

  /// Carries out what a rule came to.
  func rollBack(_ order: RollbackOrder) -> RollbackResult {
    let rule = order.rule
    do throws(RuntimeError) {
      if rule.isCanary {
        try endCanary(tenant: rule.tenant, name: rule.package, actor: "rule", for: order)
        return .done
      }
      guard try activation(rule.tenant, rule.package)?.epoch == rule.epoch else { return .superseded }
      _ = try rollBack(tenant: rule.tenant, name: rule.package, kind: .automatic, actor: "rule", for: order)
      return .done
    } catch {
      if error.code == StoreError.Code.activationMoved.rawValue { return .superseded }
      Log.write(.error, "a version cannot be taken back", [("package", rule.package), ("error", error.description)])
      let what = rule.isCanary ? "the canary of package \(rule.package)" : "package \(rule.package)"
      return .failed(
        reason: "\(what) cannot be \(rule.isCanary ? "ended" : "rolled back") (\(order.evidence)): \(error)")
    }
  }
}

/// Breaks the circle of an engine whose agent has it rolled back.
final class RollbackRelay: Sendable {
  private let carryOut = Mutex<(@Sendable (RollbackOrder) -> RollbackResult)?>(nil)

  func connect(_ carryOut: @escaping @Sendable (RollbackOrder) -> RollbackResult) {
    self.carryOut.withLock { $0 = carryOut }
  }

  func pass(_ order: RollbackOrder) -> RollbackResult { carryOut.withLock { $0 }?(order) ?? .superseded }
}

extension Activation {
  /// This activation with its rule, if one of `rules` is that and still judged.
  func under(_ rules: [RollbackRecord]) -> Activation {
    var activation = self
    activation.rollbackOn = rules.first { $0.state == .armed && $0.key == RuleKey(self) }?.rule
    return activation
  }

  /// This activation, which was made under `rule`.
  func under(_ rule: RollbackRule?) -> Activation {
    var activation = self
    activation.rollbackOn = rule?.description
    return activation
  }
}

extension RollbackRecord {
  /// What became of the rule, for people.
  package var sentence: String { key.isCanary ? canarySentence : activationSentence }

  private var canarySentence: String {
    switch state {
    case .rolledBack:
      "ended the canary \(key.package) \(version) at \(RollbackRecord.time(endedAt)): \(evidence ?? rule)"
    case .armed:
      "the canary \(key.package) \(version) ends on its own when \(rule)" + brokenSince
    case .superseded:
      "\(key.package) \(version) was a canary under the rule \(rule), which was not broken"
    }
  }

  private var brokenSince: String { breachedSince.map { "; broken since \(RollbackRecord.time($0))" } ?? "" }

  private var activationSentence: String {
    switch state {
    case .rolledBack:
      "rolled back \(key.package) \(version) → \(returnedTo ?? "?") at \(RollbackRecord.time(endedAt)): "
        + (evidence ?? rule)
    case .armed:
      "\(key.package) \(version) is rolled back on its own when \(rule)" + brokenSince
    case .superseded:
      "\(key.package) \(version) was under the rule \(rule) until "
        + (endedAt.map { RollbackRecord.time($0) } ?? "it was taken out of service")
    }
  }

  private static func time(_ time: Timestamp?) -> String {
    time.map { "\(TimestampFormat.sql($0).prefix(19)) UTC" } ?? "?"
  }
}
