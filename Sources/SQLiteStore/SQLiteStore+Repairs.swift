package import WorkflowModel
package import WorkflowStore

extension SQLiteStore {
  package func repair(_ repairs: [RunRepair], now: Timestamp) throws(StoreError) -> [RepairOutcome] {
    try write { writer throws(StoreError) in
      try writer.write { () throws(StoreError) in
        try writer.repairs.apply(repairs, at: TimestampFormat.sql(now))
      }
    }
  }

  package func countRuns(_ filter: RunFilter) throws(StoreError) -> Int {
    try ask { questions throws(StoreError) in try questions.countRuns(filter) }
  }
}
