import PackageRegistry
import Scheduler
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
}

extension RuntimeParts {
  /// Carries out what a rule came to, and tells everybody.
  func rollBack(_ order: RollbackOrder) -> RollbackResult {
    do throws(RegistryError) {
      guard try registry.rollBack(order) != nil else { return .superseded }
    } catch {
      let reason = RuntimeError(error).description
      let package = order.rule.package
      Log.write(.error, "a version cannot be rolled back", [("package", package), ("error", reason)])
      return .failed(reason: "package \(package) cannot be rolled back (\(order.evidence)): \(reason)")
    }
    store.announce([.packages])
    upkeep.activationChanged()
    scheduler.wake()
    return .done
  }
}

extension Activation {
  /// This activation with its rule, if one of `rules` is that and still judged.
  func under(_ rules: [RollbackRecord]) -> Activation {
    var activation = self
    activation.rollbackOn = rules.first { $0.state == .armed && $0.key == RuleKey(self) }?.rule
    return activation
  }
}

extension RollbackRecord {
  /// What became of the rule, for people.
  package var sentence: String {
    switch state {
    case .rolledBack:
      "rolled back \(key.package) \(version) → \(returnedTo ?? "?") at \(RollbackRecord.time(endedAt)): "
        + (evidence ?? rule)
    case .armed:
      "\(key.package) \(version) is rolled back on its own when \(rule)"
        + (breachedSince.map { "; broken since \(RollbackRecord.time($0))" } ?? "")
    case .superseded: "\(key.package) \(version) was under the rule \(rule) until \(RollbackRecord.time(endedAt))"
    }
  }

  private static func time(_ time: Timestamp?) -> String {
    time.map { "\(TimestampFormat.sql($0).prefix(19)) UTC" } ?? "?"
  }
}
