import CloacinaABI
import CloacinaKit
import Foundation
import Synchronization
import Testing

extension ExportedPackages {
  @Suite struct AsyncBodies {
    let host = FakeHost()

    @Test func aBodyThatSuspendsAnswersOnTheHostsThread() async {
      let started = Mutex<UInt?>(nil)
      let package = export {
        task("a") { (call: TaskCall) async throws in
          started.withLock { $0 = UInt(pthread_self()) }
          await Task.yield()
          let sum = await withTaskGroup(of: Int.self) { group in
            for number in 1...10 { group.addTask { number } }
            return await group.reduce(0, +)
          }
          call.set("sum", JSON(sum))
        }
      }
      #expect(await host.run(package) == CLOACINA_DONE)
      #expect(host.output == #"{"sum":55}"#)
      #expect(host.notes.withLock { $0.emittedOn } == started.withLock { $0 })
    }

    @Test func errorsBecomeAnswersHereToo() async {
      let package = export {
        task("a") { (_: TaskCall) async throws in
          await Task.yield()
          throw TaskFailure.permanent("no such customer")
        }
      }
      #expect(await host.run(package) == CLOACINA_FAIL)
      #expect(host.explanation == "no such customer")
    }

    @Test(.timeLimit(.minutes(1))) func cancellingTheRunCancelsTheBodysTask() async {
      let host = host
      let package = export {
        task("a") { (_: TaskCall) async throws in
          host.cancelled.store(true, ordering: .releasing)
          try await Task.sleep(for: .seconds(3600))
        }
      }
      #expect(await host.run(package) == CLOACINA_CANCELLED)
    }

    @Test(.timeLimit(.minutes(1))) func bodiesThatWaitForEachOtherGetThreadsOfTheirOwn() async {
      // Each body takes a thread of the package for itself until all four are there.
      let arrived = Atomic(0)
      let package = export {
        task("a") { (_: TaskCall) async throws in
          await Task.yield()
          arrived.add(1, ordering: .relaxed)
          while arrived.load(ordering: .relaxed) < 4 { sched_yield() }
        }
      }
      await withTaskGroup(of: Int32.self) { group in
        for _ in 1...4 { group.addTask { await FakeHost().run(package) } }
        for await status in group { #expect(status == CLOACINA_DONE) }
      }
    }

    @Test func childTasksMayWriteAtOnce() async {
      let package = export {
        task("a") { (call: TaskCall) async throws in
          await withTaskGroup(of: Void.self) { group in
            for number in 1...200 { group.addTask { call.set("key_\(number)", JSON(number)) } }
          }
        }
      }
      #expect(await host.run(package) == CLOACINA_DONE)
      let written = try? JSON(parsing: host.output)
      #expect(written?.members?.count == 200)
      for number in 1...200 { #expect(written?["key_\(number)"]?.int == number) }
    }
  }
}
