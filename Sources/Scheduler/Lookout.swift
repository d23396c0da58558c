import Telemetry
import Threading
import WorkflowModel
import WorkflowStore

/// Asks the store which leases are no longer ours, on a thread of its own: a database that does not answer must not
/// keep the scheduler from seeing that its leases have lapsed.
final class Lookout: Sendable {
  private let requests = Mailbox<[LeaseKey]>()

  /// - Parameter found: told once for each look, on the lookout's thread.
  init(
    _ store: any WorkflowStore, _ configuration: SchedulerConfiguration,
    found: @escaping @Sendable ([LostLease]) -> Void
  ) {
    _ = NamedThread("lookout") { [requests] in
      var watcher = Watcher(store: store, node: configuration.node, isShared: configuration.isShared)
      while let leases = requests.take() { for leases in leases { found(watcher.lost(leases)) } }
    }
  }

  func look(_ leases: [LeaseKey]) { requests.post(leases) }

  /// Lets the thread end, without waiting for it.
  func close() { requests.close() }

  private struct Watcher {
    let store: any WorkflowStore
    let node: String
    let isShared: Bool
    var lastChange: Int64?

    mutating func lost(_ leases: [LeaseKey]) -> [LostLease] {
      do throws(StoreError) {
        // In a database of our own only a foreign connection can have taken something away, and that shows.
        if !isShared {
          let change = try store.changeCounter()
          guard change != lastChange else { return [] }
          lastChange = change
        }
        return try store.lost(leases, node: node)
      } catch {
        Log.write(.error, "the store cannot be read", [("error", error.description)])
        return []
      }
    }
  }
}
