import Synchronization
import Testing
import Threading

@Suite struct BlockingThreadsTests {
  @Test func whatBlocksIsDoneElsewhereAndItsResultComesBack() async {
    let threads = BlockingThreads("test", limit: 4)
    let results = await withTaskGroup(of: Int.self) { group in
      for number in 0..<100 { group.addTask { await threads.run { number } } }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(results.sorted() == Array(0..<100))
  }

  @Test func asManyBlockAtOnceAsThereAreThreads() async {
    let threads = BlockingThreads("test", limit: 8)
    let arrived = Mailbox<Void>()
    let gate = Mailbox<Void>()
    // Each of the eight waits until all have come: on fewer threads than that nobody would go on.
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          await threads.run {
            arrived.post(())
            _ = gate.take()
          }
        }
      }
      group.addTask {
        await BlockingThreads("other", limit: 1).run {
          var count = 0
          while count < 8 { count += arrived.take()?.count ?? 0 }
          gate.close()
        }
      }
    }
  }
}
