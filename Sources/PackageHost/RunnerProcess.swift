import CLinux
import CPackageImage
import Glibc
import WorkflowModel

/// One runner process and the descriptors that belong to it.
///
/// `@unchecked Sendable`: everything that changes is touched only by the reactor's thread; the constants, `socket`
/// among them, also under the lock of the link that owns it, which lets go of it before the descriptors close.
final class RunnerProcess: @unchecked Sendable {
  /// Bytes of its standard output and error that are kept as evidence.
  private static let tailLimit = 64 << 10

  let processID: pid_t
  let socket: Int32
  let pidfd: Int32
  let output: Int32
  private let crash: UnsafeMutablePointer<cloacina_crash_record>
  var buffer = FrameBuffer()
  private var tail: [UInt8] = []
  /// Why the package was not loaded, if it said so.
  var refusal: HostError?

  /// Starts the process. To be called on a thread that outlives it: the kernel tells the child of the death of
  /// that thread.
  init(library: Int32, configuration: HostConfiguration) throws(HostError) {
    var pair: [Int32] = [-1, -1]
    var pipe: [Int32] = [-1, -1]
    let page = cloacina_shared_page(4096)
    let null = open("/dev/null", O_RDWR | O_CLOEXEC)
    let cloexec = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard page >= 0, null >= 0, socketpair(AF_UNIX, cloexec, 0, &pair) == 0, Glibc.pipe(&pipe) == 0 else {
      throw HostError(code: "CLO-P080", message: "a runner needs descriptors: \(String(cString: strerror(errno)))")
    }
    let memory = mmap(nil, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, page, 0)
    guard memory != MAP_FAILED, let memory else {
      throw HostError(code: "CLO-P080", message: "a runner needs a page: \(String(cString: strerror(errno)))")
    }
    crash = memory.bindMemory(to: cloacina_crash_record.self, capacity: 1)
    let fds = [
      cloacina_child_fd(source: null, number: 0), cloacina_child_fd(source: pipe[1], number: 1),
      cloacina_child_fd(source: pipe[1], number: 2),
      cloacina_child_fd(source: pair[1], number: Int32(CLOACINA_RUNNER_SOCKET_FD)),
      cloacina_child_fd(source: library, number: Int32(CLOACINA_RUNNER_LIBRARY_FD)),
      cloacina_child_fd(source: page, number: Int32(CLOACINA_RUNNER_CRASH_FD)),
    ]
    var process: pid_t = 0
    let code = withCStrings(RunnerProcess.arguments(configuration)) { arguments in
      withCStrings(RunnerProcess.environment()) { environment in
        cloacina_spawn(configuration.runnerPath, arguments, environment, nil, fds, fds.count, 1, &process)
      }
    }
    for fd in [page, null, pair[1], pipe[1]] { Glibc.close(fd) }
    processID = process
    socket = pair[0]
    output = pipe[0]
    pidfd = code == 0 ? cloacina_pidfd(process) : -1
    for fd in [socket, output] { _ = fcntl(fd, F_SETFL, fcntl(fd, F_GETFL, 0) | O_NONBLOCK) }
    guard code == 0 else {
      closeDescriptors()
      throw HostError(
        code: "CLO-P081", message: "\(configuration.runnerPath) cannot be started: \(String(cString: strerror(code)))")
    }
  }

  private static func arguments(_ configuration: HostConfiguration) -> [String] {
    [
      "cloacina-runner", "--slots", String(configuration.slots), "--output-cap", String(configuration.outputCap),
      "--address-space", String(configuration.addressSpaceLimit), "--swift-compiler", SwiftToolchain.compiler,
      "--parent", String(getpid()),
    ]
  }

  /// Little of our own environment: what a runtime needs, and nothing that might be a secret.
  private static func environment() -> [String] {
    var environment = ["SWIFT_BACKTRACE=enable=no"]
    if let folder = SwiftToolchain.runtimeFolder { environment.append("LD_LIBRARY_PATH=\(folder)") }
    for name in ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR"] {
      if let value = getenv(name) { environment.append("\(name)=\(String(cString: value))") }
    }
    return environment
  }

  /// What the process wrote down about its own death; nil when it could not.
  var lastWords: cloacina_crash_record? { crash.pointee.kind == 0 ? nil : crash.pointee }

  /// Reads what the package prints and keeps the end of it.
  func drainOutput() {
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(output, &chunk, chunk.count)
      guard count > 0 else { return }
      tail.append(contentsOf: chunk[..<count])
      if tail.count > RunnerProcess.tailLimit { tail.removeFirst(tail.count - RunnerProcess.tailLimit) }
    }
  }

  /// The last line the package printed; empty when there is none.
  var lastLine: String {
    let lines = tail.suffix(2048).split(whereSeparator: { $0 == 10 || $0 == 13 })
    return lines.last.map { String(decoding: $0.prefix(300), as: UTF8.self) } ?? ""
  }

  /// Kills the process and whatever it started, and waits for its end.
  ///
  /// - Returns: its exit code, or 256 + the signal that ended it.
  func end() -> Int32 {
    drainOutput()
    // The group first: once the leader is reaped its number may belong to somebody else.
    kill(-processID, SIGKILL)
    let status = cloacina_reap(processID)
    drainOutput()
    closeDescriptors()
    return status
  }

  private func closeDescriptors() {
    for fd in [socket, output, pidfd] where fd >= 0 { Glibc.close(fd) }
    buffer.deallocate()
  }

  deinit { munmap(crash, 4096) }
}

/// Calls `body` with the strings as a null-terminated array of C strings.
private func withCStrings<Value>(
  _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Value
) -> Value {
  let pointers = strings.map { strdup($0) } + [nil]
  defer { for pointer in pointers { free(pointer) } }
  return pointers.withUnsafeBufferPointer { body($0.baseAddress!) }
}
