import WorkflowModel
import WorkflowStore

extension StoreCheck {
  static let permitChecks: [StoreCheck] = [
    StoreCheck("permits of one key are limited over all runs and nodes, and a release frees one") { bench in
      try bench.prepareDemo()
      let runs = try (1...4).map { try bench.leased(node: "node-\($0 % 2)").lease }
      let granted = try runs.map { try bench.permit($0, limit: 2) }
      try expectEqual(granted, [true, true, false, false], "granted")
      try bench.giveBack(runs[1])
      try expectEqual(try runs[2...].map { try bench.permit($0, limit: 2) }, [true, false], "after a release")
      try bench.giveBack(runs[3])
      try expect(!(try bench.permit(runs[3], limit: 2)), "giving back what is not held frees nothing")
    },
    StoreCheck("asking again for a permit that is held grants it again and takes no second one") { bench in
      try bench.prepareDemo()
      let run = try bench.leased().lease
      for _ in 0..<3 { try expect(try bench.permit(run, limit: 2), "granted") }
      try expect(try bench.permit(run, task: "two", limit: 2), "a second task of the run")
      try expect(!(try bench.permit(run, task: "three", limit: 2)), "a third task of the run")
      try expect(try bench.permit(run, limit: 1), "held already, under a lower limit")
    },
    StoreCheck("permits of one batch are given in order, after its releases") { bench in
      try bench.prepareDemo()
      let runs = try (0..<4).map { _ in try bench.leased().lease }
      let keys = runs.map { PermitKey(lease: $0, tenant: "public", key: "k", task: "one") }
      try expect(try bench.permit(runs[0]), "the first")
      let outcome = try bench.apply { batch in
        batch.permits = keys.dropFirst().map { PermitRequest(key: $0, limit: 1) }
        batch.permitReleases = [keys[0]]
      }
      try expectEqual(outcome.permits, [true, false, false], "granted")
    },
    StoreCheck("a limit may be raised and lowered from one request to the next") { bench in
      try bench.prepareDemo()
      let runs = try (0..<4).map { _ in try bench.leased().lease }
      let granted = try zip(runs, [0, 1, 1, 3]).map { try bench.permit($0, limit: $1) }
      try expectEqual(granted, [false, true, false, true], "granted")
      try expect(!(try bench.permit(runs[0], limit: 2)), "granted under a lower limit")
    },
    StoreCheck("a permit is void as soon as its run has ended or changed hands") { bench in
      try bench.prepareDemo()
      let endings: [(String, (inout Bench, LeaseKey) throws -> Void)] = [
        ("finished", { _ = try $0.finish($1) }), ("cancelled", { _ = try $0.cancel($1.run) }),
        (
          "released, and claimed again",
          { bench, lease in
            _ = try bench.apply { $0.releases = [lease] }
            _ = try bench.claim(node: "node-2")
          }
        ),
        ("released", { bench, lease in _ = try bench.apply { $0.releases = [lease] } }),
      ]
      for (name, end) in endings {
        let holder = try bench.leased().lease
        try expect(try bench.permit(holder, name), "the holder's permit")
        try end(&bench, holder)
        _ = try bench.apply { $0.cancels = [holder.run] }
        let next = try bench.leased().lease
        try expect(!(try bench.permit(holder, name)), "asked for a run that was \(name)")
        try expect(try bench.permit(next, name), "the permit of a run that was \(name)")
        _ = try bench.cancel(next.run)
      }
    },
    StoreCheck("permits of a lost owner are free after the sweep") { bench in
      try bench.prepareDemo()
      let holder = try bench.leased().lease
      try expect(try bench.permit(holder), "the holder's permit")
      try bench.loseOwners()
      let next = try unwrap(try bench.claim(node: "node-2").first, "the lapsed run").lease
      try expect(!(try bench.permit(holder)), "asked by the lost owner")
      try expect(try bench.permit(next), "asked by the next owner")
      try bench.giveBack(holder)
      try expect(!(try bench.permit(try bench.leased().lease)), "the lost owner cannot give back the next one's")
    },
    StoreCheck("tenants and keys do not share permits") { bench in
      try bench.prepareDemo()
      let runs = try (0..<2).map { _ in try bench.leased().lease }
      let keys = [("public", "k"), ("red", "k"), ("public", "l"), ("public", "K"), ("public", "k")].enumerated().map {
        PermitKey(lease: runs[$0 / 4], tenant: $1.0, key: $1.1, task: "one")
      }
      let outcome = try bench.apply { $0.permits = keys.map { PermitRequest(key: $0, limit: 1) } }
      try expectEqual(outcome.permits, [true, true, true, true, false], "granted")
    },
    StoreCheck("no permit is given for a lease that is not valid") { bench in
      try bench.prepareDemo()
      let run = try bench.leased().lease
      let stale =
        [0, 2].map { LeaseKey(run: run.run, epoch: $0) } + Bench.strangers.map { LeaseKey(run: $0, epoch: 1) }
      for lease in stale {
        try expect(!(try bench.permit(lease, limit: 10)), "\(lease)")
        try bench.giveBack(lease)
      }
      try expect(try bench.permit(run), "the valid lease")
    },
  ]
}
