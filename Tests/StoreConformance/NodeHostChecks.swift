import WorkflowModel
import WorkflowStore

extension StoreCheck {
  static let nodeHostChecks: [StoreCheck] = [
    StoreCheck("a node says what it has loaded, and the list repeats the last it said") { bench in
      var host = HostStatus(
        package: "demo", version: "1.0.0", digest: Bench.digest("a"), isolation: "runner", processID: 4712, calls: 3600,
        replacements: 1)
      (host.inFlight, host.memory, host.isRetired) = (2, 7_340_032, true)
      (host.startedAt, host.lastUsedAt) = (bench.now - 60_000, bench.now - 7)
      host.enforcesPermissions = true
      var trusted = HostStatus(
        package: "demo", version: "1.1.0", digest: Bench.digest("b"), isolation: "in-process", processID: nil, calls: 0,
        replacements: 0)
      trusted.enforcesPermissions = false
      for hosts in [[host, trusted], [trusted], []] {
        var report = bench.nodeReport("a")
        report.hosts = hosts
        _ = try bench.store.report(report, leaseMilliseconds: Bench.lease, now: bench.now)
        try expectEqual(try bench.store.nodes(now: bench.now).map(\.report.hosts), [hosts], "hosts")
      }
    },
    StoreCheck("a node says how it takes care of its hosts and what it has mapped, or does not say") { bench in
      var care = CareStatus()
      (care.rules.idleMilliseconds, care.rules.callLimit) = (1000, 20)
      (care.rules.memoryLimit, care.rules.residentLimit) = (5 << 30, 1)
      care.endings = [.idle: 3, .memory: 1]
      for (care, images) in [(care, ImageUse(count: 2, bytes: 70_000, limit: 3)), (CareStatus(), nil), (nil, nil)]
        as [(CareStatus?, ImageUse?)]
      {
        var report = bench.nodeReport("a")
        (report.care, report.images) = (care, images)
        _ = try bench.store.report(report, leaseMilliseconds: Bench.lease, now: bench.now)
        let found = try bench.store.nodes(now: bench.now)
        try expectEqual(found.map(\.report.care), [care], "care")
        try expectEqual(found.map(\.report.images), [images], "images")
      }
    },
  ]
}
