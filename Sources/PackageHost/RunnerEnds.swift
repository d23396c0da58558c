import CLinux
import CPackageImage
import Glibc

/// What an executor and a runner share: the socket, the pipe of its output, the page of its last words.
struct RunnerEnds {
  private static let pageSize = 4096

  let socket: Int32
  let output: Int32
  /// Unmapped by whoever owns the process.
  let crash: UnsafeMutablePointer<cloacina_crash_record>
  /// Null device, the child's socket, the pipe to write to, the page.
  private let childSide: [Int32]

  init() throws(HostError) {
    var opened: [Int32] = []
    var pair: [Int32] = [-1, -1]
    var pipe: [Int32] = [-1, -1]
    let null = open("/dev/null", O_RDWR | O_CLOEXEC)
    if null >= 0 { opened.append(null) }
    if socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &pair) == 0 { opened += pair }
    if cloacina_pipe(&pipe) == 0 { opened += pipe }
    let page = cloacina_shared_page(RunnerEnds.pageSize)
    if page >= 0 { opened.append(page) }
    let memory = page < 0 ? MAP_FAILED : mmap(nil, RunnerEnds.pageSize, PROT_READ | PROT_WRITE, MAP_SHARED, page, 0)
    guard opened.count == 6, let memory, memory != MAP_FAILED else {
      let error = HostError.descriptors()
      for fd in opened { close(fd) }
      throw error
    }
    for fd in [pair[0], pipe[0]] { _ = fcntl(fd, F_SETFL, fcntl(fd, F_GETFL, 0) | O_NONBLOCK) }
    (socket, output) = (pair[0], pipe[0])
    childSide = [null, pair[1], pipe[1], page]
    crash = memory.bindMemory(to: cloacina_crash_record.self, capacity: 1)
  }

  /// What the child gets under which number.
  var childDescriptors: [cloacina_child_fd] {
    [
      cloacina_child_fd(source: childSide[0], number: STDIN_FILENO),
      cloacina_child_fd(source: childSide[2], number: STDOUT_FILENO),
      cloacina_child_fd(source: childSide[2], number: STDERR_FILENO),
      cloacina_child_fd(source: childSide[1], number: Int32(CLOACINA_RUNNER_SOCKET_FD)),
      cloacina_child_fd(source: childSide[3], number: Int32(CLOACINA_RUNNER_CRASH_FD)),
    ]
  }

  func closeChildSide() { for fd in childSide { close(fd) } }

  /// Gives everything back that a process would have owned.
  func closeOurSide() {
    close(socket)
    close(output)
    RunnerEnds.unmap(crash)
  }

  static func unmap(_ crash: UnsafeMutablePointer<cloacina_crash_record>) { munmap(crash, pageSize) }
}

extension HostError {
  /// The last call failed for want of descriptors or memory.
  static func descriptors() -> HostError {
    HostError(
      code: "CLO-P080",
      message: "a runner needs descriptors: \(String(cString: strerror(errno))); raise the limit (ulimit -n)",
      isInfrastructure: true)
  }
}
