import PackageRegistry
import Scheduler
import Synchronization
import Telemetry
import Threading
import WorkflowModel
import WorkflowStore

extension Runtime {
  /// Has everyone concerned told of what happens on a shared database. Without news they look again by themselves.
  func listen() {
    guard parts.store.isShared, !isListening.exchange(true, ordering: .relaxed) else { return }
    let (scheduler, watch, newsWatch, agent) = (parts.scheduler, parts.watch, parts.newsWatch, agent)
    do throws(StoreError) {
      try parts.store.listen { news in
        scheduler.news(news)
        agent?.news(news)
        newsWatch.arrived(news)
        if news.contains(.runs) { watch.changed() }
      }
    } catch {
      Log.write(.warning, "no news of other nodes; the database is polled", [("reason", error.description)])
      isListening.store(false, ordering: .relaxed)
    }
  }

  /// Returns once every node that takes in work has the version in place.
  ///
  /// - Throws: ``RuntimeError`` `.timeout`, or `.refused` for a version that nodes do not put in place beforehand;
  ///   each names the nodes and their reasons.
  func waitUntilStaged(_ record: PackageRecord, timeoutMilliseconds: Int64) throws(RuntimeError) {
    listen()
    let deadline = Clock.monotonic + UInt64(max(0, timeoutMilliseconds)) * 1_000_000
    var backoff = PollBackoff(from: 50, to: 500)
    while true {
      let signal = parts.newsWatch.expect([.packages])
      defer { parts.newsWatch.forget(signal) }
      let (verdict, isWanted) = try store { store throws(StoreError) in
        let verdict = StagingVerdict(
          nodes: try store.nodes(now: Clock.now), reports: try store.staged(record.digest))
        return (verdict, try store.wantedPackages(now: Clock.now).contains(record.digest))
      }
      if verdict.isComplete { return }
      if !isWanted, !verdict.missing.isEmpty { throw notStagedBeforehand(record, verdict) }
      guard Clock.monotonic < deadline else { throw notStagedInTime(record, verdict) }
      _ = signal.wait(until: min(deadline, Clock.monotonic + UInt64(backoff.next()) * 1_000_000))
    }
  }

  private func notStagedInTime(_ record: PackageRecord, _ verdict: StagingVerdict) -> RuntimeError {
    RuntimeError(
      .timeout, code: "CLO-R014",
      "\(record.name) \(record.version) is not in place on every node, so it was not activated: \(verdict.sentence)",
      fix: "see to those nodes (cloacina-ctl node show NAME) and try again, or activate without --when-staged")
  }

  private func notStagedBeforehand(_ record: PackageRecord, _ verdict: StagingVerdict) -> RuntimeError {
    RuntimeError(
      .refused, code: "CLO-R015",
      """
      \(record.name) \(record.version) is neither the newest registration nor in use, and nodes fetch such a version \
      only once it is active: \(verdict.sentence)
      """, fix: "activate it without --when-staged, or register the same code as a new version")
  }
}
