import WorkflowModel
import WorkflowStore

extension Bench {
  fileprivate func draining(_ tenant: String? = nil) throws -> [String] {
    try store.drainingVersions(tenant: tenant).map { "\($0.tenant) \($0.version)" }
  }
}

extension StoreCheck {
  static let drainingChecks: [StoreCheck] = [
    StoreCheck("versions that drain are found beside an active one and without any") { bench in
      try bench.prepareVersions(1)
      try bench.prepareDemo(tenant: "blue")
      try expectEqual(try bench.draining(), [], "at first")
      let claim = try bench.leased()
      let blue = try bench.submit { $0.tenant = "blue" }
      try bench.register("demo", "1.1.0", "b")
      try bench.activate("demo", "b")
      try bench.store.deactivate(bench.request("a", tenant: "blue"), now: bench.now)
      try expectEqual(try bench.draining(), ["blue 1.0.0", "public 1.0.0"], "of all tenants")
      try expectEqual(try bench.draining("blue"), ["blue 1.0.0"], "of one that has no active version")
      try bench.settle()
      try expectEqual(try bench.draining().count, 2, "while runs are in flight")
      let lease = try unwrap(try bench.claim().first { $0.lease.run == blue }, "the other run").lease
      for lease in [claim.lease, lease] { try expect(try bench.finish(lease), "the end of a run") }
      try bench.settle()
      try expectEqual(try bench.draining(), [], "once they are over")
    }
  ]
}
