import CLinux
import Glibc

/// Runs a program to its end and keeps what it says.
struct ToolRun {
  var status: Int32
  var output: String

  /// - Parameter settings: environment variables, `NAME=value`, beside those of this process.
  /// - Throws: ``BuildError`` when the program cannot be started.
  init(_ program: String, _ arguments: [String], in folder: String, adding settings: [String] = []) throws(BuildError) {
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
    var variables = ToolRun.environment(adding: settings).map { strdup($0) } + [nil]
    defer { for variable in variables { free(variable) } }
    var process: pid_t = 0
    let code = cloacina_spawn(program, &words, &variables, folder, fds, fds.count, 0, &process)
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

  /// This process's environment; without a SOURCE_DATE_EPOCH in it, compilers are told that it is 1970, so that two
  /// builds write the same date.
  private static func environment(adding added: [String]) -> [String] {
    var settings = added
    let names = added.map { String($0.prefix { $0 != "=" }) + "=" }
    var entry = environ
    while let setting = entry.pointee.map({ String(cString: $0) }) {
      if !names.contains(where: setting.hasPrefix) { settings.append(setting) }
      entry += 1
    }
    if getenv("SOURCE_DATE_EPOCH") == nil { settings.append("SOURCE_DATE_EPOCH=0") }
    return settings
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
  /// - Returns: what it said all the same: its warnings.
  /// - Throws: ``BuildError`` with the command, its status and what it said.
  @discardableResult
  static func require(
    _ program: String, _ arguments: [String], in folder: String, adding settings: [String] = []
  ) throws(BuildError) -> String {
    let run = try ToolRun(program, arguments, in: folder, adding: settings)
    guard run.status == 0 else {
      let command = ([program] + arguments).joined(separator: " ")
      let end = run.status > 256 ? "was ended by signal \(run.status - 256)" : "failed with status \(run.status)"
      throw BuildError(
        "CLO-B012", "\(program) \(end): \(command)", fix: "mend what it says", diagnostics: run.output)
    }
    return run.output
  }
}
