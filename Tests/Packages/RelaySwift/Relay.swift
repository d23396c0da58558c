import CloacinaKit
import Glibc

/// The same work as `Relay`, in Swift: a chain of three tasks that write down what ran.
let cloacina = Package {
  workflow("chain") {
    task("first") { call in try await step("first", call) }
    task("second", after: "first") { call in try await step("second", call) }
    task("third", after: "second") { call in try await step("third", call) }
  }
  workflow("self_test") {
    task("check") { call in try await step("check", call) }
  }
}

private func step(_ task: String, _ call: TaskCall) async throws {
  try writeDown(task, call, "begin")
  if let milliseconds = call.input["ms"]?.int { try await Task.sleep(for: .milliseconds(milliseconds)) }
  call.set(task, JSON(relayVersion))
  try writeDown(task, call, "end")
}

private func writeDown(_ task: String, _ call: TaskCall, _ what: String) throws {
  guard let path = call.input["ledger"]?.string else { return }
  let line = "\(call.runID) \(task) \(call.attempt) \(relayVersion) \(what)\n"
  let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
  guard file >= 0, write(file, line, line.utf8.count) == line.utf8.count else {
    throw TaskFailure.permanent("the ledger cannot be written")
  }
  close(file)
}
