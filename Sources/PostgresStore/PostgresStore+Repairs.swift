package import WorkflowModel
package import WorkflowStore

extension PostgresStore {
  package func repair(_ repairs: [RunRepair], now: Timestamp) throws(StoreError) -> [RepairOutcome] {
    guard !repairs.isEmpty else { return [] }
    return try with { connection throws(StoreError) in
      try RunRepairs(connection: connection, time: { self.time(now) }).apply(repairs)
    }
  }

  package func countRuns(_ filter: RunFilter) throws(StoreError) -> Int {
    let parameters = Parameters().add(filter.tenant).add(filter.status?.rawValue).add(filter.type)
    parameters.add(filter.package).add(filter.version)
    return Int(try ask(RunQuestions.count(filter.query, parameters), parameters).int(0, 0))
  }
}
