import Testing
import WorkflowModel

@testable import PostgresStore
@testable import StoreConformance
@testable import WorkflowStore

/// A change that is decided before its transaction begins, while somebody else changes the package.
@Suite(.serialized) struct PackageStampTests {
  enum Change: CaseIterable {
    case nothing, anotherPackage, activation, canary, yank, swapBegun, swapStepped
  }

  /// What `body` of a transaction wrote, and whether it was the transaction that was asked for.
  private func run(_ store: PostgresStore, _ body: () throws -> Void) throws -> [Rows]? {
    var failure: (any Error)?
    let outcome = try store.with { connection throws(StoreError) in
      try PackageTransaction.run(
        connection, "public", "demo", time: nil,
        known: VersionRows.factsAsked("public", "demo", Bench.digest("b"), swap: "ours"),
        stamp: PackageStamp(tenant: "public", package: "demo", digest: Bench.digest("b"), swap: "ours"),
        last: []
      ) { transaction throws(StoreError) in
        let rows = VersionRows(transaction: transaction)
        let facts = try rows.facts("public", "demo", Bench.digest("b"), swap: "ours")
        do { try body() } catch { failure = error }
        rows.recordActivation(
          NewActivation(
            tenant: "public", package: "demo", epoch: facts.lastEpoch + 1, version: "1.1.0", digest: Bench.digest("b"),
            previousEpoch: facts.lastEpoch))
      }
    }
    if let failure { throw failure }
    return outcome?.1
  }

  @Test(arguments: Change.allCases)
  func onlyAChangeOfWhatWasReadUndoesIt(_ change: Change) throws {
    try withSchema { schema in
      let store = try schema.open(time: .database)
      defer { store.close() }
      let bench = Bench(store: store, sql: { try schema.sql($0) })
      try bench.prepareVersions(1)
      try bench.register("demo", "1.1.0", "b")
      try bench.beginSwap("b", "ours", timeout: 60_000)
      let outcome = try run(store) {
        switch change {
        case .nothing: break
        case .anotherPackage: try bench.register("other", "1.0.0", "f")
        case .activation: try bench.activate("demo", "b")
        case .canary: _ = try bench.canary("b", 1000)
        case .yank: try bench.advance(.yank, "b")
        case .swapBegun: try schema.sql("UPDATE package_swap SET ended_at = now() WHERE id = 'ours'")
        case .swapStepped: _ = try store.stepSwap("ours", to: .probe, timeoutMilliseconds: 60_000, now: bench.now)
        }
      }
      let isUnmoved = change == .nothing || change == .anotherPackage
      #expect((outcome != nil) == isUnmoved)
      let epochs = change == .activation || isUnmoved ? "2" : "1"
      #expect(try schema.sql("SELECT max(epoch) FROM activation_change") == [epochs])
    }
  }
}
