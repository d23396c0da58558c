import Glibc
import PackageArchive
import PackageHost
import Threading
import WorkflowModel

/// From archive bytes to the first result of a Swift package, against a bare `dlopen` of its library.
struct LoadTime {
  let options: BenchOptions
  private let rounds = 30

  init(_ options: BenchOptions) { self.options = options }

  func run() throws {
    let archive = try readFile("\(options.folder)/simple_demo.cloacina")
    let dlopenTime = try bareDlopen(try ArchiveReader.verify(bytes: archive).library)
    for host in options.hosts { Report.line(try measure(host: host, dlopenTime)) }
  }

  private func measure(host: String, _ dlopenTime: Figures) throws -> [JSONMember] {
    let archive = try readFile("\(options.folder)/simple_demo.cloacina")
    let reactor = try RunnerReactor()
    defer { reactor.close() }
    var first = Figures()
    for _ in 0..<rounds { first.add(try firstResult(archive, try isolation(host), reactor)) }
    return [
      JSONMember("bench", .string("load")), JSONMember("host", .string(host)),
      JSONMember("language", .string("swift")), JSONMember("rounds", .integer(rounds)),
      JSONMember("first_result_ms_p50", first.milliseconds(0.5)),
      JSONMember("first_result_ms_p99", first.milliseconds(0.99)),
      JSONMember("dlopen_ms_p50", dlopenTime.milliseconds(0.5)),
      JSONMember("ratio_to_dlopen", .rounded(first.quantile(0.5) / dlopenTime.quantile(0.5), 2)),
      Report.loadAverage,
    ]
  }

  /// Verifies, extracts into a fresh content store, loads and calls the first task.
  private func firstResult(_ archive: [UInt8], _ isolation: Isolation, _ reactor: RunnerReactor) throws -> UInt64 {
    let root = "\(options.folder)/load-\(String(UInt64.random(in: .min ... .max), radix: 16))"
    defer { ContentStore.remove(root: root) }
    let replies = Mailbox<TaskOutcome>()
    let sink: HostEventSink = { events in
      for case .finished(let report) in events { replies.post(report.outcome) }
    }
    let start = Clock.monotonic
    let package = try ArchiveReader.verify(bytes: archive)
    let store = try ContentStore(root: root)
    try store.stage(package)
    let library = try store.library(digest: package.digest)
    let configuration = HostConfiguration(runnerPath: options.runner)
    let host: any PackageHost =
      switch isolation {
      case .runner:
        try RunnerHost.open(
          library: library, digest: package.digest, configuration: configuration, reactor: reactor, sink: sink)
      case .inProcess:
        try InProcessHost.open(
          library: library, digest: package.digest, configuration: configuration, images: ImageTable(), sink: sink)
      }
    let workflow = package.descriptor.workflows[0]
    host.submit([
      TaskCall(
        id: 1, digest: package.digest, tenant: "public", package: package.descriptor.name, workflow: workflow.name,
        task: workflow.tasks[0].id, workflowIndex: 0, taskIndex: 0, attempt: 1, runID: RunID("load"),
        timeoutMilliseconds: 0, input: Array("{\"rows\":3}".utf8))
    ])
    let outcome = replies.take()?.first
    let end = Clock.monotonic
    host.close(deadline: Clock.monotonic + 1_000_000_000)
    guard case .succeeded = outcome else { throw BenchError("the first task ended as \(String(describing: outcome))") }
    return end - start
  }

  /// `dlopen` of fresh copies, so that none is loaded already; the Swift runtime is, as in an executor. The files
  /// stay until the end: the loader knows libraries by their inodes, which would be used again.
  private func bareDlopen(_ library: [UInt8]) throws -> Figures {
    var figures = Figures()
    let paths = (0..<rounds).map { "\(options.folder)/bare-\($0).so" }
    defer { for path in paths { unlink(path) } }
    for path in paths {
      guard let file = fopen(path, "w") else { throw BenchError("\(path) cannot be written") }
      let written = fwrite(library, 1, library.count, file)
      fclose(file)
      guard written == library.count else { throw BenchError("\(path) cannot be written") }
      var handle: UnsafeMutableRawPointer?
      figures.add(elapsed { handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) })
      guard handle != nil else { throw BenchError(String(cString: dlerror())) }
    }
    return figures
  }
}
