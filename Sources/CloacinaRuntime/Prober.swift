import PackageHost
import PackageRegistry
import Threading
import WorkflowModel

/// Probes versions on a thread of its own, so that nobody who must not be kept waiting is.
final class Prober: Sendable {
  private struct Job: Sendable {
    var digest: PackageDigest
    var completion: @Sendable (HostError?) -> Void
  }

  private let jobs = Mailbox<Job>()
  private let thread: NamedThread

  init(registry: PackageRegistry) {
    thread = NamedThread("prober") { [jobs] in
      while let batch = jobs.take() {
        for job in batch {
          do throws(HostError) {
            try registry.probe(job.digest)
            job.completion(nil)
          } catch { job.completion(error) }
        }
      }
    }
  }

  /// Has the version probed; `completion` is told the failure, or nil, on the prober's thread.
  func probe(_ digest: PackageDigest, completion: @escaping @Sendable (HostError?) -> Void) {
    jobs.post(Job(digest: digest, completion: completion))
  }

  /// Ends the thread after what is queued. Idempotent, but to be called by one thread.
  func close() {
    jobs.close()
    thread.join()
  }
}
