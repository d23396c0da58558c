import Testing

@testable import SQLiteStore

@Suite struct TenantSharesTests {
  /// A backlog that never ends, of one tenant and one priority; the place in it is the age of its runs.
  private struct Backlog {
    var tenant: String
    var weight: Int64 = 1
    var priority: Int64 = 100
    var created = "2026-01-01"
    var row: Int64 = 0

    var head: TenantShares.Head {
      TenantShares.Head(tenant: tenant, weight: weight, priority: priority, createdAt: created, row: row)
    }
  }

  /// Tenants in the order in which they are served, `claims` times `limit` runs.
  private func served(_ backlogs: [Backlog], _ shares: inout TenantShares, claims: Int = 1, limit: Int) -> String {
    var order = ""
    for _ in 0..<claims {
      for _ in 0..<limit {
        guard let place = shares.serve(backlogs.map(\.head)) else { return "nobody after \(order)" }
        order += backlogs[place].tenant
      }
      shares.settle(backlogs.map(\.head))
    }
    return order
  }

  @Test func equalTenantsAreServedInTurnsWhateverTheLimitOfAClaim() {
    let backlogs = [Backlog(tenant: "a"), Backlog(tenant: "b", row: 1), Backlog(tenant: "c", row: 2)]
    for limit in 1...7 {
      var shares = TenantShares()
      let order = served(backlogs, &shares, claims: 6, limit: limit)
      #expect(order == String(repeating: "abc", count: limit * 2))
    }
  }

  @Test(arguments: [(3, 1), (1, 3), (5, 2), (7, 7), (1, 100)] as [(Int64, Int64)])
  func shareIsInProportionToWeight(a: Int64, b: Int64) {
    let backlogs = [Backlog(tenant: "a", weight: a), Backlog(tenant: "b", weight: b, row: 1)]
    for limit in [1, 3, 10] {
      var shares = TenantShares()
      let rounds = Int(a + b)
      let order = served(backlogs, &shares, claims: rounds * 10, limit: limit)
      #expect(order.filter { $0 == "a" }.count == 10 * limit * Int(a))
      // In between, nobody is ahead by more than one run.
      for (index, _) in order.enumerated() {
        let count = Double(order.prefix(index + 1).filter { $0 == "a" }.count)
        #expect(abs(count - Double(index + 1) * Double(a) / Double(a + b)) <= 1)
      }
    }
  }

  @Test func aBetterPriorityIsServedFirstAndShareOfItsOwn() {
    var shares = TenantShares()
    let urgent = [Backlog(tenant: "a", priority: 1), Backlog(tenant: "b", row: 1)]
    #expect(served(urgent, &shares, limit: 4) == "aaaa")
    let equal = [Backlog(tenant: "a"), Backlog(tenant: "b", row: 1)]
    #expect(served(equal, &shares, limit: 4) == "abab", "urgent runs of a are not held against its others")
  }

  @Test func atEqualShareTheOldestRunIsFirst() {
    var shares = TenantShares()
    let byTime = [Backlog(tenant: "a", created: "2026-01-02"), Backlog(tenant: "b", row: 9)]
    #expect(served(byTime, &shares, limit: 2) == "ba")
    let byRow = [Backlog(tenant: "a", row: 2), Backlog(tenant: "b", row: 1)]
    #expect(served(byRow, &shares, limit: 2) == "ba")
  }

  @Test func whoHadNothingToDoHasNothingToCatchUpWith() {
    var shares = TenantShares()
    let a = Backlog(tenant: "a")
    let b = Backlog(tenant: "b", row: 1)
    #expect(served([a], &shares, claims: 50, limit: 1) == String(repeating: "a", count: 50))
    #expect(served([a, b], &shares, claims: 4, limit: 1) == "abab")
    #expect(served([b], &shares, claims: 3, limit: 1) == "bbb")
    #expect(served([a, b], &shares, claims: 4, limit: 1) == "abab")
  }

  @Test func withoutHeadsNobodyIsServed() {
    var shares = TenantShares()
    #expect(shares.serve([]) == nil)
    shares.settle([])
  }
}
