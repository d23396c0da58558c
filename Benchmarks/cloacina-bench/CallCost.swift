import CPackageImage
import Glibc
import PackageArchive
import PackageHost
import Threading
import WorkflowModel

/// What one call costs with 1 KiB in and out: a direct Swift call, the ABI in this process, a round trip to a runner.
struct CallCost {
  let options: BenchOptions
  private let calls = 20_000
  private let input: [UInt8] = Array(("{\"text\":\"" + String(repeating: "x", count: 1000) + "\"}").utf8)

  init(_ options: BenchOptions) { self.options = options }

  func run() throws {
    let package = try ArchiveReader.verify(bytes: try readFile("\(options.folder)/bench-1.0.0.cloacina"))
    guard let index = package.descriptor.workflows.firstIndex(where: { $0.name == "echo" }) else {
      throw BenchError("the bench package has no workflow 'echo'")
    }
    report("direct", direct())
    if options.hosts.contains("in-process") { report("in-process", try inProcess(package, index)) }
    if options.hosts.contains("runner") {
      let (one, pipelined) = try runner(package, index)
      report("runner", one, [JSONMember("calls_per_s_pipelined", .rounded(pipelined, 0))])
    }
  }

  private func report(_ path: String, _ figures: Figures, _ more: [JSONMember] = []) {
    Report.line(
      [
        JSONMember("bench", .string("call")), JSONMember("path", .string(path)), JSONMember("bytes", .integer(1024)),
        JSONMember("calls", .integer(figures.count)), JSONMember("p50_us", figures.microseconds(0.5)),
        JSONMember("p99_us", figures.microseconds(0.99)),
      ] + more + [Report.loadAverage])
  }

  @inline(never) private func echo(_ input: [UInt8]) -> [UInt8] { Array(input.reversed()) }

  private func direct() -> Figures {
    var figures = Figures()
    var sum = 0
    for _ in 0..<calls { figures.add(elapsed { sum &+= echo(input).count }) }
    precondition(sum == calls * input.count)
    return figures
  }

  private func inProcess(_ package: VerifiedPackage, _ index: Int) throws -> Figures {
    var error = cloacina_image_error()
    let fd = package.library.withUnsafeBufferPointer { cloacina_sealed_memfd("bench", $0.baseAddress!, $0.count) }
    guard fd >= 0, let image = cloacina_image_open(fd, SwiftToolchain.compiler, &error),
      cloacina_image_start(image, nil, nil, &error) == 0
    else { throw BenchError("the bench package cannot be loaded in this process") }
    var figures = Figures()
    try input.withUnsafeBufferPointer { buffer in
      var call = cloacina_image_call()
      call.workflow_index = UInt32(index)
      call.attempt = 1
      call.input = buffer.baseAddress
      call.input_count = buffer.count
      call.output_cap = 1 << 20
      for _ in 0..<calls {
        var reply = cloacina_image_reply()
        figures.add(elapsed { cloacina_image_run(image, &call, &reply) })
        guard reply.status == 0 else { throw BenchError("a call answered \(reply.status)") }
        cloacina_image_reply_free(&reply)
      }
    }
    return figures
  }

  private func runner(_ package: VerifiedPackage, _ index: Int) throws -> (Figures, Double) {
    let reactor = try RunnerReactor()
    defer { reactor.close() }
    let replies = Mailbox<Int>()
    let host = try RunnerHost.open(
      library: package.library, digest: package.digest, configuration: HostConfiguration(runnerPath: options.runner),
      reactor: reactor
    ) { events in replies.post(events.reduce(0) { if case .finished = $1 { $0 + 1 } else { $0 } }) }
    defer { host.close(deadline: Clock.monotonic + 1_000_000_000) }
    var figures = Figures()
    for number in 0..<calls {
      figures.add(
        elapsed {
          host.submit([call(UInt64(number), package, index)])
          _ = replies.take()
        })
    }
    let total = 200_000
    let nanoseconds = elapsed {
      var sent = 0
      var received = 0
      while received < total {
        let window = min(total - sent, 64 - (sent - received))
        if window > 0 {
          host.submit((0..<window).map { call(UInt64(calls + sent + $0), package, index) })
          sent += window
        }
        received += replies.take()?.reduce(0, +) ?? 0
      }
    }
    return (figures, Double(total) / (Double(nanoseconds) / 1e9))
  }

  private func call(_ id: UInt64, _ package: VerifiedPackage, _ index: Int) -> TaskCall {
    TaskCall(
      id: id, digest: package.digest, tenant: "public", package: "bench", workflow: "echo", task: "a",
      workflowIndex: index, taskIndex: 0, attempt: 1, runID: RunID("bench"), timeoutMilliseconds: 0, input: input)
  }
}
