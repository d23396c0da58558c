import PackageHost
import PackageRegistry
import Synchronization
import Threading
import WorkflowModel

/// Probes versions on a thread of its own, so that nobody who must not be kept waiting is.
final class Prober: Sendable {
  private struct Job: Sendable {
    var digest: PackageDigest
    var completion: @Sendable (HostError?) -> Void
  }

  private let jobs = Mailbox<Job>()
  private let isClosing = Atomic<Bool>(false)
  private let thread = OneShot<NamedThread>()

  init(registry: PackageRegistry) {
    thread.deliver(
      NamedThread("prober") { [self] in
        while let batch = jobs.take() {
          for job in batch where !isClosing.load(ordering: .relaxed) { job.completion(failure(job.digest, registry)) }
        }
      })
  }

  /// Has the version probed; `completion` is told the failure, or nil, on the prober's thread.
  func probe(_ digest: PackageDigest, completion: @escaping @Sendable (HostError?) -> Void) {
    jobs.post(Job(digest: digest, completion: completion))
  }

  /// Ends the thread after the probe that it is at. To be called once.
  func close() {
    isClosing.store(true, ordering: .relaxed)
    jobs.close()
    thread.wait()?.join()
  }

  private func failure(_ digest: PackageDigest, _ registry: PackageRegistry) -> HostError? {
    do throws(HostError) {
      try registry.probe(digest)
      return nil
    } catch { return error }
  }
}
