package import WorkflowModel
package import WorkflowStore

extension SQLiteStore {
  package func run(_ id: RunID) throws(StoreError) -> RunRecord? {
    try ask { questions throws(StoreError) in try questions.run(id) }
  }

  package func run(tenant: String, idempotencyKey: String) throws(StoreError) -> RunRecord? {
    try ask { questions throws(StoreError) in try questions.run(tenant, key: idempotencyKey) }
  }

  package func runs(_ filter: RunFilter) throws(StoreError) -> [RunRecord] {
    try ask { questions throws(StoreError) in try questions.runs(filter) }
  }

  package func taskRuns(_ id: RunID) throws(StoreError) -> [TaskCheckpoint] {
    try ask { questions throws(StoreError) in try questions.taskRuns(id) }
  }

  package func events(_ id: RunID, after: Int64, limit: Int) throws(StoreError) -> [EventRecord] {
    try ask { questions throws(StoreError) in try questions.events(id, after: after, limit: limit) }
  }

  package func counts(tenant: String?) throws(StoreError) -> StoreCounts {
    try ask { questions throws(StoreError) in try questions.counts(tenant) }
  }

  package func lost(_ owned: [LeaseKey], node: String) throws(StoreError) -> [LostLease] {
    try ask { questions throws(StoreError) in try questions.lost(owned, node: node) }
  }
}
