import CloacinaABI
import CloacinaKit
import Foundation
import Synchronization
import Testing

/// The host's side of calls: lends the input, writes down what the package says.
final class FakeHost: Sendable {
  struct Notes: Sendable {
    var output = ""
    var explanation: String?
    var logs: [String] = []
    var heartbeats: [UInt64] = []
    var progress: [String] = []
    var emittedOn: UInt?
  }

  let notes = Mutex(Notes())
  let cancelled = Atomic(false)

  /// Runs task `task` of workflow 0, on a thread that may be blocked, and returns its answer.
  func run(_ package: ExportedPackage, task: Int = 0, input: String = "{}", attempt: UInt32 = 1) async -> Int32 {
    await withCheckedContinuation { continuation in
      Thread { continuation.resume(returning: self.call(package, task: task, input: input, attempt: attempt)) }.start()
    }
  }

  private func call(_ exported: ExportedPackage, task: Int, input: String, attempt: UInt32) -> Int32 {
    let package = exported.package.assumingMemoryBound(to: cloacina_package.self).pointee
    func text(_ literal: StaticString) -> cloacina_text {
      cloacina_text(
        utf8: UnsafeRawPointer(literal.utf8Start).assumingMemoryBound(to: CChar.self), count: literal.utf8CodeUnitCount)
    }
    return Array(input.utf8).withUnsafeBufferPointer { bytes in
      var call = cloacina_call(
        struct_size: UInt32(MemoryLayout<cloacina_call>.size), attempt: attempt, workflow_index: 0,
        task_index: UInt32(task), deadline_unix_ms: 1_700_000_000_000,
        context: Unmanaged.passUnretained(self).toOpaque(),
        run_id: text("run-1"), workflow: text("w"), task: text("t"), idempotency_key: text("key-1"),
        traceparent: text("00-trace"), input: cloacina_bytes(start: bytes.baseAddress, count: bytes.count),
        emit: { call, piece in
          FakeHost.of(call).notes.withLock {
            $0.output += String(decoding: UnsafeBufferPointer(start: piece.start, count: piece.count), as: UTF8.self)
            $0.emittedOn = UInt(pthread_self())
          }
        },
        explain: { call, reason in FakeHost.of(call).notes.withLock { $0.explanation = FakeHost.string(reason) } },
        log: { call, level, line in
          FakeHost.of(call).notes.withLock { $0.logs.append("\(level) \(FakeHost.string(line))") }
        },
        heartbeat: { call, extend in FakeHost.of(call).notes.withLock { $0.heartbeats.append(extend) } },
        is_cancelled: { FakeHost.of($0).cancelled.load(ordering: .acquiring) ? 1 : 0 },
        defer_until: { _, _ in cloacina_status(CLOACINA_MISUSE) },
        progress: { call, permille, note in
          FakeHost.of(call).notes.withLock { $0.progress.append("\(permille) \(FakeHost.string(note))") }
        })
      return package.run(nil, &call)
    }
  }

  private static func of(_ call: UnsafePointer<cloacina_call>) -> FakeHost {
    guard let context = call.pointee.context else { preconditionFailure("a call has its host as context") }
    return Unmanaged<FakeHost>.fromOpaque(context).takeUnretainedValue()
  }

  static func string(_ text: cloacina_text) -> String {
    String(decoding: UnsafeRawBufferPointer(start: text.utf8, count: text.count), as: UTF8.self)
  }

  var output: String { notes.withLock { $0.output } }
  var explanation: String? { notes.withLock { $0.explanation } }
}

/// The exported form of a package with one workflow of these tasks.
func export(@ListBuilder<TaskDeclaration> _ tasks: () -> [TaskDeclaration]) -> ExportedPackage {
  let tasks = tasks()
  let package = Package { workflow("main") { for task in tasks { task } } }
  return ExportedPackage(package, PackageIdentity(name: "tested", version: "1.2.3"))
}

/// Everything that exports packages: a library holds one, so these tests take turns.
@Suite(.serialized) struct ExportedPackages {}
