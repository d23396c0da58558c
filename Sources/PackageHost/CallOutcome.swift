import CPackageImage
import CloacinaABI
import Glibc
import WorkflowModel

/// What the answer of a package means for the attempt.
func outcome(status: Int32, output: [UInt8], explanation: String, cap: Int) -> TaskOutcome {
  switch Int(status) {
  case Int(CLOACINA_DONE):
    output.count <= cap
      ? .succeeded(patch: output)
      : .failed(Failure(.output, "its result has \(output.count) bytes; the limit is \(cap)"))
  case Int(CLOACINA_RETRY):
    .failed(Failure(.error, explanation.isEmpty ? "it asked to be tried again, without a reason" : explanation))
  case Int(CLOACINA_FAIL):
    .failed(Failure(.permanent, explanation.isEmpty ? "it failed, without a reason" : explanation))
  case Int(CLOACINA_CANCELLED): .cancelled
  default: .failed(Failure(.misuse, explanation.isEmpty ? "it answered with status \(status)" : explanation))
  }
}

/// `SIGSEGV` for 11; the number for signals without a name here.
func signalName(_ number: Int32) -> String {
  let names: [Int32: String] = [
    SIGSEGV: "SIGSEGV", SIGABRT: "SIGABRT", SIGILL: "SIGILL", SIGBUS: "SIGBUS", SIGFPE: "SIGFPE", SIGTRAP: "SIGTRAP",
    SIGKILL: "SIGKILL", SIGTERM: "SIGTERM", SIGXCPU: "SIGXCPU", SIGINT: "SIGINT", SIGHUP: "SIGHUP",
    SIGPIPE: "SIGPIPE", SIGSYS: "SIGSYS",
  ]
  return names[number] ?? "signal \(number)"
}
