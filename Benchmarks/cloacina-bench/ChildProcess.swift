import CLinux
import Glibc

/// A program started from here, whose standard output is read here. It is ended when this process ends.
final class ChildProcess {
  let program: String
  private let process: pid_t
  private let output: UnsafeMutablePointer<FILE>
  private var hasEnded = false

  /// - Parameter log: file for its standard error; nil: this process's.
  init(_ program: String, _ arguments: [String], log: String? = nil) throws {
    self.program = program
    var ends: [Int32] = [-1, -1]
    let null = Glibc.open("/dev/null", O_RDWR | O_CLOEXEC)
    guard null >= 0, cloacina_pipe(&ends) == 0 else { throw BenchError("no descriptors are left") }
    defer { close(null); close(ends[1]) }
    var fds = [cloacina_child_fd(source: null, number: 0), cloacina_child_fd(source: ends[1], number: 1)]
    let errors = log.map { Glibc.open($0, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644) }
    if let errors { fds.append(cloacina_child_fd(source: errors, number: 2)) }
    defer { if let errors { close(errors) } }
    // The kernel ends it when this process is killed.
    let words = ["/usr/bin/setpriv", "--pdeathsig", "TERM", program] + arguments
    var copies = words.map { strdup($0) } + [nil]
    defer { for copy in copies { free(copy) } }
    var started: pid_t = 0
    let code = cloacina_spawn(words[0], &copies, environ, nil, fds, fds.count, 0, &started)
    guard code == 0, let output = fdopen(ends[0], "r") else {
      throw BenchError("\(program) cannot be started: \(String(cString: strerror(code)))")
    }
    process = started
    self.output = output
  }

  deinit {
    end(SIGKILL)
    fclose(output)
  }

  /// Its next line of output; nil when there is none any more.
  func line() -> String? {
    var text: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { free(text) }
    let count = getline(&text, &capacity, output)
    guard count > 0, let text else { return nil }
    return String(cString: text)
  }

  /// Waits for its end; its exit code, or 256 + the signal that ended it.
  @discardableResult func wait() -> Int32 {
    guard !hasEnded else { return 0 }
    hasEnded = true
    return cloacina_reap(process)
  }

  /// Sends the signal and waits for its end.
  func end(_ signal: Int32) {
    guard !hasEnded else { return }
    kill(process, signal)
    wait()
  }
}
