import WorkflowModel
import WorkflowStore

extension StoreCheck {
  static let claimFilterChecks: [StoreCheck] = [
    StoreCheck("a node claims only versions it can load, however old the others are") { bench in
      try bench.prepareDemo()
      try bench.register("demo", "1.1.0", "b")
      let old = try (0..<3).map { _ in try bench.submit() }
      let new = try (0..<3).map { _ in try bench.submit { $0.digest = Bench.digest("b") } }
      try expectEqual(try bench.claim { $0.digests = [] }.count, 0, "no version")
      try expectEqual(try bench.claim { $0.digests = [Bench.digest("c")] }.count, 0, "another version")
      let first = try bench.claim(2) { $0.digests = [Bench.digest("b"), Bench.digest("c")] }
      try expectEqual(first.map(\.lease.run), Array(new.prefix(2)), "one version")
      let rest = try bench.claim { $0.digests = [Bench.digest("a"), Bench.digest("b")] }
      try expectEqual(rest.map(\.lease.run), old + [new[2]], "both versions")
    },
    StoreCheck("a node claims only types that match one of its patterns") { bench in
      try bench.register("demo", "1.0.0", "a", workflows: ["flow", "side"])
      try bench.activate("demo", "a")
      try bench.register("demos", "1.0.0", "b", workflows: ["flow"])
      try bench.activate("demos", "b")
      let side = try bench.submit { $0.workflow = "side" }
      let flow = try bench.submit()
      let other = try bench.submit { $0.package = "demos" }
      let cases: [([String], [RunID])] = [
        (["demo.%"], [side, flow]), (["demo.flow"], [flow]), (["%.flow"], [flow, other]),
        (["demo%"], [side, flow, other]),
        (["demo.fl_w"], [flow]), (["demo_.%"], [other]), (["demos.%", "demo.side"], [side, other]),
        (["%"], [side, flow, other]),
        (["Demo.%"], []), (["demo"], []), (["demo.*"], []), (["demo.flo[w]"], []), ([#"demo.fl\_w"#], []),
        ([#"demo\.flow"#], [flow]), ([""], []), ([], [side, flow, other]),
      ]
      for (patterns, wanted) in cases {
        let claimed = try bench.claim { $0.types = patterns }
        try expectEqual(claimed.map(\.lease.run), wanted, "types like \(patterns)")
        _ = try bench.apply { $0.releases = claimed.map(\.lease) }
      }
    },
    StoreCheck("a type pattern looks past older runs that do not match") { bench in
      try bench.register("demo", "1.0.0", "a", workflows: ["flow", "side"])
      try bench.activate("demo", "a")
      for _ in 0..<20 { _ = try bench.submit() }
      let side = try bench.submit { $0.workflow = "side" }
      try expectEqual(try bench.claim(1) { $0.types = ["demo.side"] }.map(\.lease.run), [side], "claimed")
    },
    StoreCheck("patterns and versions narrow every tenant's part") { bench in
      for (tenant, letter): (String, Character) in [("red", "b"), ("blue", "c")] {
        try bench.prepareDemo(tenant: tenant)
        try bench.register("demo", "1.1.0", letter, tenant: tenant, workflows: ["side"])
        for _ in 0..<3 {
          _ = try bench.submit { $0.tenant = tenant }
          _ = try bench.submit {
            $0.tenant = tenant
            $0.workflow = "side"
            $0.digest = Bench.digest(letter)
          }
        }
      }
      let claimed = try bench.claim {
        $0.types = ["demo.side"]
        $0.digests = [Bench.digest("a"), Bench.digest("c")]
      }
      try expectEqual(claimed.map(\.tenant), ["blue", "blue", "blue"], "tenants")
      try expect(claimed.allSatisfy { $0.workflow == "side" }, "workflows")
    },
  ]
}
