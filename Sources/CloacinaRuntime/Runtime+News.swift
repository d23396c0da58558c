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
}
