import CLinux
import CPackageImage
import Glibc
import Synchronization
import WorkflowModel

/// One runner process and the descriptors that belong to it.
///
/// `@unchecked Sendable`: everything that changes is touched only by the reactor's thread; the constants, `socket`
/// among them, also under the lock of the link that owns it, which lets go of it before the descriptors close.
final class RunnerProcess: @unchecked Sendable {
  /// Bytes of its standard output and error that are kept as evidence.
  private static let tailLimit = 64 << 10
  private static let readsPerTurn = 4
  private static let serials = Atomic<UInt64>(1)

  /// What the reactor knows this process by, among all that ever were.
  let serial: UInt64
  let processID: pid_t
  let socket: Int32
  let pidfd: Int32
  let output: Int32
  private let crash: UnsafeMutablePointer<cloacina_crash_record>
  var buffer = FrameBuffer()
  private var tail: [UInt8] = []
  /// Why the package was not loaded, if it said so.
  var refusal: HostError?
  var isWatchedForWriting = false
  /// When it is ended because it closed its end of the socket and lives on; monotonic nanoseconds.
  var endBy = UInt64.max

  /// Starts the process. To be called on a thread that outlives it: the kernel tells the child of the death of
  /// that thread.
  init(
    library: Int32, permissions: PackagePermissions, configuration: HostConfiguration
  ) throws(HostError) {
    let ends = try RunnerEnds()
    defer { ends.closeChildSide() }
    let fds =
      ends.childDescriptors + [
        cloacina_child_fd(source: library, number: Int32(CLOACINA_RUNNER_LIBRARY_FD))
      ]
    var process: pid_t = 0
    let code = withCStrings(RunnerProcess.arguments(configuration, permissions)) { arguments in
      withCStrings(RunnerProcess.environment()) { environment in
        cloacina_spawn(configuration.runnerPath, arguments, environment, nil, fds, fds.count, 1, &process)
      }
    }
    guard code == 0 else {
      ends.closeOurSide()
      throw HostError(
        code: "CLO-P081", message: "\(configuration.runnerPath) cannot be started: \(String(cString: strerror(code)))",
        isInfrastructure: true)
    }
    let watched = cloacina_pidfd(process)
    guard watched >= 0 else {
      let error = HostError.descriptors()
      kill(-process, SIGKILL)
      _ = cloacina_reap(process)
      ends.closeOurSide()
      throw error
    }
    (processID, pidfd, socket, output, crash) = (process, watched, ends.socket, ends.output, ends.crash)
    serial = RunnerProcess.serials.wrappingAdd(1, ordering: .relaxed).oldValue
  }

  private static func arguments(_ configuration: HostConfiguration, _ permissions: PackagePermissions) -> [String] {
    let addressSpace = permissions.addressSpace(operatorLimit: configuration.addressSpaceLimit)
    let refusals = [
      permissions.network ? nil : "--no-network", permissions.processes ? nil : "--no-processes",
      permissions.writing ? nil : "--no-writing",
    ].compactMap { $0 }
    return [
      "cloacina-runner", "--slots", String(configuration.slots), "--output-cap", String(configuration.outputCap),
      "--address-space", String(addressSpace), "--swift-compiler", SwiftToolchain.compiler,
      "--parent", String(getpid()),
    ] + refusals
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

  /// Whether it has ended, so that waiting for it takes no time.
  var hasEnded: Bool {
    var watched = pollfd(fd: pidfd, events: Int16(POLLIN), revents: 0)
    return poll(&watched, 1, 0) == 1
  }

  /// Reads some of what the package prints and keeps the end of it; false when nobody can print any more.
  func drainOutput() -> Bool {
    var chunk = [UInt8](repeating: 0, count: RunnerProcess.tailLimit)
    for _ in 0..<RunnerProcess.readsPerTurn {
      let count = read(output, &chunk, chunk.count)
      guard count > 0 else { return count < 0 && (errno == EAGAIN || errno == EINTR) }
      if count == chunk.count { tail.removeAll(keepingCapacity: true) }
      tail.append(contentsOf: chunk[..<count])
      if tail.count > RunnerProcess.tailLimit { tail.removeFirst(tail.count - RunnerProcess.tailLimit) }
    }
    return true
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
    // The group first: once the leader is reaped its number may belong to somebody else.
    kill(-processID, SIGKILL)
    let status = cloacina_reap(processID)
    _ = drainOutput()
    return status
  }

  func closeDescriptors() {
    for fd in [socket, output, pidfd] { Glibc.close(fd) }
    buffer.deallocate()
  }

  deinit { RunnerEnds.unmap(crash) }
}

/// Calls `body` with the strings as a null-terminated array of C strings.
private func withCStrings<Value>(
  _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Value
) -> Value {
  let pointers = strings.map { strdup($0) } + [nil]
  defer { for pointer in pointers { free(pointer) } }
  return pointers.withUnsafeBufferPointer { body($0.baseAddress!) }
}
