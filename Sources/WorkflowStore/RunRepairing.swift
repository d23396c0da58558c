package import WorkflowModel

/// What can be done to runs from outside: opening them again, giving them another version, finding them by a query.
package protocol RunRepairing {
  /// Does what is asked of each run, or leaves it alone, in one transaction; one outcome for each repair, in its order.
  ///
  /// A run that is opened again is claimable at once; its tasks that begin anew get a checkpoint that says so. A run
  /// that is given another version is taken from its owner, whose lease epoch is no longer that of the run: no
  /// checkpoint of the old owner can come in after those by which this was decided. No two repairs may name one run.
  /// - Throws: ``StoreError``; nothing was changed, or, when a COMMIT was not answered, repeating finds what was done.
  func repair(_ repairs: [RunRepair], now: Timestamp) throws(StoreError) -> [RepairOutcome]
  /// How many runs match; `limit` and `before` count for nothing.
  func countRuns(_ filter: RunFilter) throws(StoreError) -> Int
}

/// What became of one run.
package enum RepairOutcome: Sendable, Equatable {
  case notFound
  /// There was nothing to do: this is what the run is.
  case unchanged(RunStatus)
  case refused(RepairRefusal)
  /// The run is not what it was taken for: look again and ask again.
  case stale
  case retried(RetryPlan)
  /// With the lease that was taken away, if the run had an owner.
  case migrated(taken: LeaseKey?)
}

extension RunRepair {
  /// What the event `retried` says.
  package func retriedData(_ plan: RetryPlan) -> [UInt8] {
    guard case .retry(let start, let set) = deed else { return [] }
    var members = [
      JSONMember("from", .string(start.word)), JSONMember("tasks", .array(plan.reset.map(JSONValue.string))),
      JSONMember("version", .optional((target ?? own)?.version)),
    ]
    if let target, target.digest != own?.digest {
      members.append(JSONMember("from_version", .optional(own?.version ?? lost?.version)))
      members.append(JSONMember("digest", .string(target.digest.hex)))
    }
    if !set.names.isEmpty { members.append(JSONMember("set", .array(set.names.map(JSONValue.string)))) }
    return JSONValue.object(members).bytes
  }

  /// What the event `migrated` says; `node` is the owner it was taken from.
  package func migratedData(node: String?) -> [UInt8] {
    guard let own, let target else { return [] }
    return target.migratedData(from: own, node: node, by: "request")
  }
}

extension RunVersion {
  /// What the event `migrated` says of a run that goes on by this version; `by` is `request` or `upgrade`.
  package func migratedData(from old: RunVersion, node: String?, by cause: String) -> [UInt8] {
    JSONValue.object([
      JSONMember("from", .string(old.version)), JSONMember("to", .string(version)),
      JSONMember("digest", .string(digest.hex)), JSONMember("node", .optional(node)), JSONMember("by", .string(cause)),
    ]).bytes
  }
}
