import CLinux
import Glibc
import Synchronization

/// A thread of its own for work that blocks, so that nothing blocks Swift's cooperative pool.
///
/// `@unchecked Sendable`: the handle is written once before `init` returns; `join` is called once.
package final class NamedThread: @unchecked Sendable {
  private var handle = pthread_t()
  private let isJoined = Atomic<Bool>(false)

  /// Starts a thread that runs `body` and ends.
  ///
  /// - Parameters:
  ///   - name: at most 15 bytes reach the kernel; shown by `ps -T`.
  ///   - stackBytes: size of the stack; 0 for the system's default.
  package init(_ name: String, stackBytes: Int = 0, _ body: @escaping @Sendable () -> Void) {
    let box = Unmanaged.passRetained(Box(name: String(name.prefix(15)), body: body))
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    if stackBytes > 0 { pthread_attr_setstacksize(&attributes, stackBytes) }
    let code = pthread_create(
      &handle, &attributes,
      { raw in
        let box = Unmanaged<Box>.fromOpaque(raw!).takeRetainedValue()
        cloacina_name_thread(box.name)
        box.body()
        return nil
      }, box.toOpaque())
    pthread_attr_destroy(&attributes)
    precondition(code == 0, "pthread_create failed with error \(code): raise the limit on threads (ulimit -u)")
  }

  /// Waits until the body has returned. To be called once, from another thread.
  package func join() {
    isJoined.store(true, ordering: .relaxed)
    pthread_join(handle, nil)
  }

  /// A thread nobody will join gives its stack back when it ends.
  deinit { if !isJoined.load(ordering: .relaxed) { pthread_detach(handle) } }

  private final class Box: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }
}
