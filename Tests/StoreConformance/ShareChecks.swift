import WorkflowModel
import WorkflowStore

extension StoreCheck {
  /// `count` due runs of a tenant, oldest first.
  private static func backlog(
    _ bench: inout Bench, _ tenant: String, _ count: Int, priority: Int = 100
  ) throws -> [RunID] {
    try (0..<count).map { _ in
      bench.now += 1
      return try bench.submit {
        $0.tenant = tenant
        $0.priority = priority
      }
    }
  }

  private static func count(_ tenant: String, _ claimed: [ClaimedRun]) -> Int {
    claimed.filter { $0.tenant == tenant }.count
  }

  static let shareChecks: [StoreCheck] = [
    StoreCheck("two tenants are claimed from in turns, each in order of age") { bench in
      for tenant in ["red", "blue"] { try bench.prepareDemo(tenant: tenant) }
      let red = try backlog(&bench, "red", 6)
      let blue = try backlog(&bench, "blue", 6)
      let turns = zip(red, blue).flatMap { [$0, $1] }
      try expectEqual(try bench.claim(6).map(\.lease.run), Array(turns.prefix(6)), "first claim")
      try expectEqual(try bench.claim(100).map(\.lease.run), Array(turns.suffix(6)), "second claim")
    },
    StoreCheck("tenants share a claim by their weights, which may change at any time") { bench in
      for tenant in ["blue", "red"] { try bench.prepareDemo(tenant: tenant) }
      _ = try backlog(&bench, "blue", 20)
      _ = try backlog(&bench, "red", 20)
      try bench.setWeight("red", 3)
      for limit in [4, 4, 8] {
        let claimed = try bench.claim(limit)
        try expectEqual(claimed.count, limit, "claimed runs")
        try expectEqual(count("red", claimed), limit * 3 / 4, "runs of red, of \(limit)")
      }
      try bench.setWeight("red", 1)
      try bench.setWeight("blue", 2)
      try expectEqual(count("blue", try bench.claim(6)), 4, "runs of blue, of 6")
    },
    StoreCheck("a weight is a positive number") { bench in
      for weight in [0, -1] {
        var isRefused = false
        do { try bench.setWeight("red", weight) } catch { isRefused = true }
        try expect(isRefused, "weight \(weight) is refused")
      }
    },
    StoreCheck("priority goes before shares, and each priority is shared by itself") { bench in
      for tenant in ["blue", "red"] { try bench.prepareDemo(tenant: tenant) }
      let blue = try backlog(&bench, "blue", 4)
      let red = try backlog(&bench, "red", 4)
      let urgent = try backlog(&bench, "red", 4, priority: 1)
      let claimed = try bench.claim(6).map(\.lease.run)
      try expectEqual(claimed, urgent + [blue[0], red[0]], "claimed")
    },
    StoreCheck("what one tenant cannot use goes to the others") { bench in
      for tenant in ["blue", "red"] { try bench.prepareDemo(tenant: tenant) }
      try bench.setWeight("red", 5)
      _ = try backlog(&bench, "blue", 10)
      _ = try backlog(&bench, "red", 2)
      let claimed = try bench.claim(8)
      try expectEqual([count("red", claimed), count("blue", claimed)], [2, 6], "runs of red and blue")
      try expectEqual(count("blue", try bench.claim(8)), 4, "the rest")
    },
    StoreCheck("runs that are not due take no part") { bench in
      for tenant in ["blue", "red"] { try bench.prepareDemo(tenant: tenant) }
      let due = bench.now + 10_000
      for _ in 0..<3 {
        _ = try bench.submit {
          $0.tenant = "red"
          $0.runAt = due
        }
      }
      let blue = try backlog(&bench, "blue", 3)
      try expectEqual(try bench.claim(4).map(\.lease.run), blue, "before their time")
      bench.now = due
      try expectEqual(try bench.claim(4).count, 3, "at their time")
    },
    StoreCheck("many tenants all have their part") { bench in
      let tenants = (0..<12).map { "tenant-\($0)" }
      for tenant in tenants {
        try bench.prepareDemo(tenant: tenant)
        _ = try backlog(&bench, tenant, 5)
      }
      let claimed = try bench.claim(24)
      try expect(tenants.allSatisfy { count($0, claimed) == 2 }, "two runs of each: \(claimed.map(\.tenant))")
      try expectEqual(try bench.claim(100).count, 36, "the rest")
    },
  ]
}
