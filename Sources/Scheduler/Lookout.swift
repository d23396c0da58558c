import Telemetry
import Threading
import WorkflowModel
import WorkflowStore

/// Asks the store which leases are no longer ours, and which versions are active, on a thread of its own: a database
/// that does not answer must not keep the scheduler from seeing that its leases have lapsed.
final class Lookout: Sendable {
  private enum Request: Sendable {
    case leases([LeaseKey])
    case active([PackageName])
  }

  private let requests = Mailbox<Request>()

  /// - Parameters:
  ///   - found: told once for each look, on the lookout's thread.
  ///   - active: told once for each question about packages, there too.
  init(
    _ store: any WorkflowStore, _ configuration: SchedulerConfiguration,
    found: @escaping @Sendable ([LostLease]) -> Void, active: @escaping @Sendable ([Activation]) -> Void
  ) {
    _ = NamedThread("lookout") { [requests] in
      var watcher = Watcher(store: store, node: configuration.node, isShared: configuration.isShared)
      while let taken = requests.take() {
        for request in taken {
          switch request {
          case .leases(let leases): found(watcher.lost(leases))
          case .active(let packages): active(watcher.active(packages))
          }
        }
      }
    }
  }

  func look(_ leases: [LeaseKey]) { requests.post(.leases(leases)) }

  func ask(_ packages: [PackageName]) { requests.post(.active(packages)) }

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

    func active(_ packages: [PackageName]) -> [Activation] {
      var found: [Activation] = []
      do throws(StoreError) {
        for name in packages {
          if let activation = try store.activation(tenant: name.tenant, package: name.package) {
            found.append(activation)
          }
        }
      } catch { Log.write(.error, "the store cannot be read", [("error", error.description)]) }
      return found
    }
  }
}
