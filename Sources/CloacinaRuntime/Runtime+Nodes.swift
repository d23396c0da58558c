import Executor
import PackageRegistry
import Scheduler
import Threading
package import WorkflowModel
package import WorkflowStore

/// A node with the wanted versions and what it says of each.
package struct NodeDetail: Sendable {
  package var node: NodeRecord
  package var packages: [StagedVersion]

  package init(node: NodeRecord, packages: [StagedVersion]) {
    self.node = node
    self.packages = packages
  }
}

/// One package version on one node.
package struct StagedVersion: Sendable, Equatable {
  package var record: PackageRecord
  package var isStaged: Bool
  /// Why it is not in place; nil also while nothing has been tried.
  package var failure: String?
  /// When this node last probed it well; nil: it has not.
  package var probedAt: Timestamp?
  /// The highest epoch of an activation of the version that the node has acted upon; 0: none.
  package var epoch: Int64 = 0

  package init(record: PackageRecord, isStaged: Bool, failure: String?) {
    self.record = record
    self.isStaged = isStaged
    self.failure = failure
  }

  /// As the node's report says; nil: it has said nothing of the version.
  package init(record: PackageRecord, report: NodePackage?) {
    self.init(record: record, isStaged: report.map { $0.failure == nil } ?? false, failure: report?.failure)
    probedAt = report?.probedAt
    epoch = report?.epoch ?? 0
  }
}

extension Runtime {
  /// Nodes that are alive or were so within the last hour, by name.
  package func nodes() throws(RuntimeError) -> [NodeRecord] {
    let nodes = try store { store throws(StoreError) in try store.nodes(now: Clock.now) }
    guard !parts.store.isShared else { return nodes }
    // The database is this process's alone: other processes that it knows of are gone, and this one reports seldom.
    return nodes.map { node in
      var node = node
      node.isAlive = agent != nil && node.report.bootID == parts.bootID
      guard node.isAlive else { return node }
      node.report.slotsBusy = parts.executor.occupancy.busy
      node.report.runsHeld = parts.scheduler.load()?.runsHeld ?? 0
      node.report.hosts = parts.registry.pool.statuses
      (node.report.care, node.report.images) = (parts.care(configuration), parts.images(configuration))
      return node
    }
  }

  /// The living processes of a node's name, or the one that was last heard of, each with its packages.
  ///
  /// - Throws: ``RuntimeError`` `.notFound` with the nearest known name.
  package func node(named name: String) throws(RuntimeError) -> [NodeDetail] {
    let all = try nodes()
    let known = all.filter { $0.report.name == name }
    let living = known.filter(\.isAlive)
    let shown = living.isEmpty ? known.max { $0.heartbeatAt < $1.heartbeatAt }.map { [$0] } ?? [] : living
    guard !shown.isEmpty else { throw unknownNode(name, all) }
    return try store { store throws(StoreError) in
      let wanted = try store.isShared ? store.wantedPackages(now: Clock.now) : []
      let reports = try wanted.map { digest throws(StoreError) in try store.staged(digest) }.flatMap { $0 }
      let records = try wanted.map { digest throws(StoreError) in try store.package(digest: digest) }
      return shown.map { node in
        NodeDetail(
          node: node,
          packages: records.compactMap { $0 }.map { record in
            let report = reports.last { $0.bootID == node.report.bootID && $0.digest == record.digest }
            return StagedVersion(record: record, report: report)
          })
      }
    }
  }

  /// Asks every node of that name, now and in later starts, to be `ready`, `cordoned` or `draining`.
  ///
  /// - Throws: ``RuntimeError`` `.notFound` with the nearest known name.
  package func setNode(name: String, wanted: NodeState) throws(RuntimeError) {
    do throws(StoreError) {
      try parts.commits.perform { store throws(StoreError) in try store.setNode(name: name, wanted: wanted) }
    } catch {
      guard error.code == .notFound else { throw RuntimeError(error) }
      throw unknownNode(name, try nodes())
    }
    parts.store.announce([.nodes])
    agent?.news([.nodes])
  }

  /// Returns once no living node of that name holds work any more.
  ///
  /// - Throws: ``RuntimeError`` `.timeout` after `timeoutMilliseconds`; nil waits for ever.
  package func waitUntilDrained(name: String, timeoutMilliseconds: Int64?) throws(RuntimeError) {
    let deadline = timeoutMilliseconds.map { Clock.monotonic + UInt64(max(0, $0)) * 1_000_000 }
    var backoff = PollBackoff(from: 10, to: 250)
    while true {
      let signal = parts.newsWatch.expect([.nodes])
      defer { parts.newsWatch.forget(signal) }
      let busy = try nodes().filter { $0.report.name == name && $0.isAlive && $0.report.state != .drained }
      guard let node = busy.first else { return }
      if let deadline, Clock.monotonic >= deadline {
        throw RuntimeError(
          .timeout, code: "CLO-R013",
          "node '\(name)' is \(node.report.state.rawValue) and still holds \(node.report.runsHeld) run(s)",
          fix: "it goes on draining: cloacina-ctl node show \(name)")
      }
      let pause = Clock.monotonic + UInt64(backoff.next()) * 1_000_000
      _ = signal.wait(until: deadline.map { min($0, pause) } ?? pause)
    }
  }

  private func unknownNode(_ name: String, _ nodes: [NodeRecord]) -> RuntimeError {
    let hint = Suggestion.hint(for: name, in: nodes.map(\.report.name))
    return RuntimeError(
      .notFound, code: "CLO-R016", "there is no node '\(name)'\(hint)", fix: "cloacina-ctl node list")
  }
}
