import CLinux
import Glibc

/// Runs a program to its end and keeps what it says.
struct ToolRun {
  var status: Int32
  var output: String

  /// - Throws: ``BuildError`` when the program cannot be started.
  init(_ program: String, _ arguments: [String], in folder: String) throws(BuildError) {
    var pipe: [Int32] = [-1, -1]
    let null = open("/dev/null", O_RDWR | O_CLOEXEC)
    guard null >= 0, Glibc.pipe(&pipe) == 0 else {
      throw BuildError("CLO-B010", "no descriptors are left: \(String(cString: strerror(errno)))")
    }
    let fds = [
      cloacina_child_fd(source: null, number: 0), cloacina_child_fd(source: pipe[1], number: 1),
      cloacina_child_fd(source: pipe[1], number: 2),
    ]
    var words = ([program] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var process: pid_t = 0
    let code = cloacina_spawn(program, &words, environ, folder, fds, fds.count, 0, &process)
    close(null)
    close(pipe[1])
    defer { close(pipe[0]) }
    guard code == 0 else {
      throw BuildError(
        "CLO-B011", "\(program) cannot be started: \(String(cString: strerror(code)))",
        fix: "install it, or put it on the PATH")
    }
    output = ToolRun.readAll(pipe[0])
    status = cloacina_reap(process)
  }

  private static func readAll(_ descriptor: Int32) -> String {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
      bytes += chunk[..<count]
    }
  }

  /// Runs a program that must succeed.
  ///
  /// - Throws: ``BuildError`` with the command, its status and what it said.
  static func require(_ program: String, _ arguments: [String], in folder: String) throws(BuildError) {
    let run = try ToolRun(program, arguments, in: folder)
    guard run.status == 0 else {
      let command = ([program] + arguments).joined(separator: " ")
      throw BuildError(
        "CLO-B012", "the compiler failed with status \(run.status): \(command)", fix: "mend what it says",
        diagnostics: run.output)
    }
  }
}
