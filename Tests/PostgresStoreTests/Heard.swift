import Synchronization
import Testing
import WorkflowStore

/// The news that a store was told, for a test to wait for.
final class Heard: Sendable {
  private let news = Mutex<Set<StoreNews>>([])

  init(_ store: any WorkflowStore) {
    do { try store.listen { [self] told in news.withLock { $0.formUnion(told) } } } catch {
      Issue.record("a store cannot listen: \(error)")
    }
  }

  /// What was heard since the last wait.
  var everything: Set<StoreNews> { news.withLock { $0 } }

  /// Waits until all of these were heard, and forgets what was.
  func wait(for wanted: Set<StoreNews>, sourceLocation: SourceLocation = #_sourceLocation) throws {
    try eventually("\(wanted) were heard", sourceLocation: sourceLocation) {
      news.withLock { news in
        guard news.isSuperset(of: wanted) else { return false }
        news = []
        return true
      }
    }
  }
}
