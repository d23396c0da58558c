import CloacinaABI
import CloacinaKit
import Foundation
import Synchronization
import Testing

private struct OutOfPaper: Error, CustomStringConvertible { let description = "the printer is out of paper" }

extension ExportedPackages {
  @Suite struct Bodies {
    let host = FakeHost()

    @Test func aBodySeesItsCall() async {
      let package = export {
        task("a") { call in
          call.set("seen", [JSON(call.runID), JSON(call.attempt), JSON(call.idempotencyKey), JSON(call.traceparent)])
          call.set("rows", call.input["raw_data"]?["rows"] ?? .null)
          call.set("deadline", JSON(call.deadline ?? 0))
          call.set("bytes", JSON(call.inputBytes.count))
        }
      }
      let status = await host.run(package, input: #"{"raw_data":{"rows":12345678901234567890}}"#, attempt: 2)
      #expect(status == CLOACINA_DONE)
      #expect(
        host.output == """
          {"seen":["run-1",2,"key-1","00-trace"],"rows":12345678901234567890,"deadline":1700000000000,"bytes":42}
          """)
    }

    @Test func keysComeInTheOrderTheyWereFirstSetAndTheLastValueCounts() async {
      let package = export {
        task("a") { call in
          call.set("b", 1)
          call.set("a", "x")
          call.remove("old")
          call.set("b", ["n": nil, "list": [1, 2.5, true]])
        }
      }
      #expect(await host.run(package) == CLOACINA_DONE)
      #expect(host.output == #"{"b":{"n":null,"list":[1,2.5,true]},"a":"x","old":null}"#)
    }

    @Test func nothingWrittenIsNothingEmitted() async {
      let package = export { task("a") { _ in } }
      #expect(await host.run(package) == CLOACINA_DONE)
      #expect(host.output == "")
    }

    @Test func emittedMembersKeepTheirSpellingAndMixWithSet() async {
      let package = export {
        task("a") { call in
          call.set("first", 1)
          try call.emit(#" {"n" : 1.50e400, "s":"\u00e9", "first": [1, 2]} "#)
          call.set("last", 3)
        }
      }
      #expect(await host.run(package) == CLOACINA_DONE)
      #expect(host.output == #"{"first":[1, 2],"n":1.50e400,"s":"\u00e9","last":3}"#)
    }

    @Test func anObjectEmittedAloneIsPassedOnAsItIs() async {
      let package = export { task("a") { call in try call.emit(call.inputBytes) } }
      #expect(await host.run(package, input: #" { "n" : 1.50 } "#) == CLOACINA_DONE)
      #expect(host.output == #" { "n" : 1.50 } "#)
    }

    @Test(arguments: ["[]", "", "{", "{}x", "{\"a\":1,}", "{\"a\":01}", "\"text\""])
    func whatIsNoObjectIsNotEmitted(_ text: String) async {
      let package = export { task("a") { call in try call.emit(text) } }
      #expect(await host.run(package) == CLOACINA_RETRY)
      #expect(host.output == "" && host.explanation?.contains("is not JSON") == true)
    }

    @Test func errorsBecomeAnswers() async {
      let package = export {
        task("throws") { _ in throw OutOfPaper() }
        task("for good") { _ in throw TaskFailure.permanent("no such customer") }
        task("again") { _ in throw TaskFailure.retry("busy") }
        task("stopped") { call in
          call.set("half", "done")
          throw CancellationError()
        }
      }
      #expect(await host.run(package, task: 0) == CLOACINA_RETRY)
      #expect(host.explanation == "the printer is out of paper")
      #expect(await host.run(package, task: 1) == CLOACINA_FAIL)
      #expect(host.explanation == "no such customer")
      #expect(await host.run(package, task: 2) == CLOACINA_RETRY)
      #expect(host.explanation == "busy")
      #expect(await host.run(package, task: 3) == CLOACINA_CANCELLED)
      #expect(host.output == "", "what a failed body wrote is not its result")
    }

    @Test func theHostHearsOfLogsHeartbeatsAndProgress() async {
      let package = export {
        task("a") { call in
          call.log("né", level: .warning)
          call.heartbeat(extendBy: .seconds(2))
          call.progress(0.2875, "a quarter")
          call.progress(7)
        }
      }
      #expect(await host.run(package) == CLOACINA_DONE)
      host.notes.withLock {
        #expect($0.logs == ["3 né"])
        #expect($0.heartbeats == [2000])
        #expect($0.progress == ["288 a quarter", "1000 "])
      }
    }

    @Test func inputThatIsNotJSONIsTheExecutorsFaultOnceItIsRead() async {
      let package = export {
        task("reads") { call in call.set("rows", JSON(call.input["rows"]?.int ?? 5)) }
        task("does not") { call in call.set("rows", 5) }
      }
      #expect(await host.run(package, task: 0, input: "{\"rows\":") == CLOACINA_MISUSE)
      #expect(host.explanation == "the executor's input cannot be read: the text is not JSON at byte 8")
      #expect(host.output == "")
      #expect(await host.run(package, task: 1, input: "{\"rows\":") == CLOACINA_DONE)
    }

    @Test func aTaskThatDoesNotExistIsMisuse() async {
      let package = export { task("a") { _ in } }
      #expect(await host.run(package, task: 1) == CLOACINA_MISUSE)
    }

    @Test func aCallThatIsKeptChangesNothing() async throws {
      let kept = Mutex<TaskCall?>(nil)
      let package = export { task("a") { call in kept.withLock { $0 = call } } }
      #expect(await host.run(package, input: #"{"a":1}"#) == CLOACINA_DONE)
      let call = try #require(kept.withLock { $0 })
      call.set("late", 1)
      call.log("late")
      call.heartbeat(extendBy: .seconds(1))
      #expect(call.isCancelled && call.runID == "" && call.input == .null && call.inputBytes.isEmpty)
      #expect(throws: CancellationError.self) { try call.checkCancellation() }
      #expect(host.output == "" && host.notes.withLock { $0.logs.isEmpty && $0.heartbeats.isEmpty })
    }
  }
}
