import WorkflowModel
import WorkflowStore

extension StoreCheck {
  static let nodeChecks: [StoreCheck] = [
    StoreCheck("nodes are listed by name with all they last reported") { bench in
      try expectEqual(try bench.store.nodes(now: bench.now), [], "none")
      try expectEqual(try bench.report("zeta"), .ready, "wanted")
      try bench.report("alpha", bootID: "boot-9")
      bench.now += 7
      var report = bench.nodeReport("zeta")
      report.tags = []
      report.types = []
      report.slotsBusy = 8
      report.state = .draining
      _ = try bench.store.report(report, leaseMilliseconds: Bench.lease, now: bench.now)
      var earlier = bench
      earlier.now -= 7
      var alpha = NodeRecord(
        report: earlier.nodeReport("alpha", bootID: "boot-9"), wanted: .ready, heartbeatAt: earlier.now, isAlive: true)
      alpha.silentMilliseconds = 7
      try expectEqual(
        try bench.store.nodes(now: bench.now),
        [alpha, NodeRecord(report: report, wanted: .ready, heartbeatAt: bench.now, isAlive: true)], "nodes")
    },
    StoreCheck("a node whose reports stop is shown as lost for an hour") { bench in
      try bench.report("a")
      bench.now += Bench.lease - 1
      try expectEqual(try bench.store.nodes(now: bench.now).map(\.isAlive), [true], "just alive")
      try bench.report("a")
      bench.now += Bench.lease + 1
      try bench.report("b")
      try expectEqual(try bench.store.nodes(now: bench.now).map(\.isAlive), [false, true], "lapsed")
      bench.now += 3_600_000
      try bench.report("b")
      try expectEqual(try bench.store.nodes(now: bench.now).map(\.report.name), ["b"], "an hour later")
      try bench.report("a")
      try expectEqual(try bench.store.nodes(now: bench.now).map(\.isAlive), [true, true], "when it comes back")
    },
    StoreCheck("a node that ends in order is forgotten, with what it has staged") { bench in
      try bench.register("demo", "1.0.0", "a")
      for node in ["a", "b"] {
        try bench.report(node)
        try bench.reportStaged("a", by: node)
      }
      try bench.store.forgetNode(bootID: "a")
      try bench.store.forgetNode(bootID: "unknown")
      try expectEqual(try bench.store.nodes(now: bench.now).map(\.report.name), ["b"], "nodes")
      try expectEqual(try bench.store.staged(Bench.digest("a")).map(\.node), ["b"], "staged")
    },
    StoreCheck("what is wanted of a node holds for every process of that name") { bench in
      try bench.report("a", bootID: "boot-1")
      try bench.report("b", bootID: "boot-2")
      try bench.store.setNode(name: "a", wanted: .cordoned)
      try expectEqual(try bench.store.nodes(now: bench.now).map(\.wanted), [.cordoned, .ready], "wanted")
      try expectEqual(try bench.report("a", bootID: "boot-1"), .cordoned, "told to a")
      try expectEqual(try bench.report("b", bootID: "boot-2"), .ready, "told to b")
      try expectEqual(try bench.report("a", bootID: "boot-3"), .cordoned, "told to a second process of a")
      try bench.store.forgetNode(bootID: "boot-1")
      try bench.store.forgetNode(bootID: "boot-3")
      try expectEqual(try bench.report("a", bootID: "boot-4"), .cordoned, "told to a after a restart in order")
      bench.now += Bench.lease + 2 * 3_600_000
      try expectEqual(try bench.report("a", bootID: "boot-5"), .cordoned, "told to a after a crash and some hours")
      for state: NodeState in [.draining, .ready] {
        try bench.store.setNode(name: "a", wanted: state)
        try expectEqual(try bench.report("a", bootID: "boot-5"), state, "told to a")
      }
      try expectEqual(try bench.store.nodes(now: bench.now).map(\.report.bootID), ["boot-5"], "nodes")
    },
    StoreCheck("nothing is asked of nodes nobody knows, nor what only the node itself can say") { bench in
      try expectError(.notFound) { try bench.store.setNode(name: "a", wanted: .cordoned) }
      try bench.report("b")
      try expectError(.notFound) { try bench.store.setNode(name: "a", wanted: .cordoned) }
      try expectError(.invalid) { try bench.store.setNode(name: "b", wanted: .drained) }
      try expectEqual(try bench.report("a"), .ready, "wanted of a new node")
    },
    StoreCheck("a node says how busy its connections are, and the list says which duties it leads") { bench in
      var report = bench.nodeReport("alpha")
      report.connections = ConnectionUse(open: 3, limit: 8, waiting: 1, waits: 12, refusals: 2)
      _ = try bench.store.report(report, leaseMilliseconds: Bench.lease, now: bench.now)
      try bench.report("beta")
      _ = try bench.store.lead(.sweep, node: "beta", leaseMilliseconds: 1000, now: bench.now)
      let nodes = try bench.store.nodes(now: bench.now)
      try expectEqual(nodes.map(\.report.connections), [report.connections, nil], "connections")
      try expectEqual(nodes.map(\.leads), [[], [.sweep]], "leads")
      bench.now += 1001
      try expectEqual(try bench.store.nodes(now: bench.now).map(\.leads), [[], []], "leads after a lapse")
    },
  ]

  static let stagingChecks: [StoreCheck] = [
    StoreCheck("nodes report which versions they have in place, and why not") { bench in
      try bench.register("demo", "1.0.0", "a")
      try bench.register("demo", "1.1.0", "b")
      for node in ["n2", "n1"] { try bench.report(node) }
      try expectEqual(try bench.store.staged(Bench.digest("a")), [], "nobody")
      try bench.reportStaged("a", by: "n2", failure: "no space left: \"ü\"")
      try bench.reportStaged("a", by: "n1")
      try bench.reportStaged("b", by: "n1")
      let first = [bench.staging("a", by: "n1"), bench.staging("a", by: "n2", failure: "no space left: \"ü\"")]
      try expectEqual(try bench.store.staged(Bench.digest("a")), first, "both nodes, by name")
      bench.now += 9
      try bench.reportStaged("a", by: "n2")
      let second = [first[0], bench.staging("a", by: "n2")]
      try expectEqual(try bench.store.staged(Bench.digest("a")), second, "after a second attempt")
      try expectEqual(try bench.store.staged(Bench.digest("b")).map(\.node), ["n1"], "of the other version")
      bench.now += Bench.lease + 1
      try expectEqual(try bench.store.staged(Bench.digest("a")), second, "of nodes that are lost")
    },
    StoreCheck("nodes should have what is active, rolled back to, newest, or in use") { bench in
      func wanted(_ letters: String, _ when: String) throws {
        let digests = try bench.store.wantedPackages(now: bench.now).map { String($0.hex.first ?? "?") }
        try expectEqual(digests.sorted().joined(), letters, "wanted \(when)")
      }
      try wanted("", "of an empty store")
      for (letter, version): (Character, String) in [("a", "1.0.0"), ("b", "1.1.0"), ("c", "1.2.0"), ("d", "1.3.0")] {
        bench.now += 1
        try bench.register("demo", version, letter)
      }
      try wanted("d", "when nothing is active")
      try bench.activate("demo", "b")
      try wanted("bd", "with an active version")
      let run = try bench.submit()
      let other = try bench.submit { $0.digest = Bench.digest("a") }
      try wanted("abd", "with a pending run of an old version")
      try bench.activate("demo", "c")
      try wanted("abcd", "after a swap")
      try bench.activate("demo", "d")
      try wanted("abcd", "after a second swap, for a run is pinned to the first version")
      let claimed = try bench.claim()
      try wanted("abcd", "while runs are leased")
      try expectEqual(claimed.map(\.lease.run), [run, other], "claimed")
      for claim in claimed { _ = try bench.finish(claim.lease) }
      try wanted("cd", "once those runs have ended")
      try bench.register("other", "1.0.0", "e")
      try bench.register("demo", "1.0.0", "a", tenant: "red")
      try bench.register("demo", "1.3.0", "d", tenant: "blue")
      try wanted("acde", "with packages of other names and tenants")
    },
  ]
}
