import Threading
import WorkflowModel
package import WorkflowStore

extension PackageRegistry {
  /// Makes the version active that was so before the order's rule was given, once it is proved to load, if nobody has
  /// activated another one since.
  ///
  /// - Returns: the activation; nil when nothing was done because the rule is over or the order's leader leads no more.
  /// - Throws: ``RegistryError``; the version that was active stays so.
  package func rollBack(_ order: RollbackOrder) throws(RegistryError) -> Activation? {
    let rule = order.rule
    guard let current = try activation(tenant: rule.tenant, name: rule.package), current.epoch == rule.epoch,
      let previous = current.previous
    else { return nil }
    try prove(previous)
    let activation = try write { store throws(StoreError) in try store.rollBack(order, now: Clock.now) }
    if let activation { logActivation(activation) }
    return activation
  }

  /// Refuses a rule for a version after whose activation there would be none to return to.
  func refuseWithoutReturn(
    _ rule: RollbackRule?, tenant: String, name: String, version: String, digest: PackageDigest
  ) throws(RegistryError) {
    guard rule != nil else { return }
    let active = try activation(tenant: tenant, name: name)
    let target = active?.digest == digest ? active?.previous : active?.digest
    if target == nil {
      throw .nothingToReturnTo(
        "package '\(name)' has no earlier active version to which \(version) could be rolled back")
    }
  }
}
