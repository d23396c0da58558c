import Synchronization
import Testing
import Threading

@Suite("WorkQueue: threads for queued work", .serialized)
struct WorkQueueTests {
  /// Threads that empty a queue with `body`; the number that were started.
  private final class Crew: Sendable {
    let queue: WorkQueue<Int>
    let started = Atomic<Int>(0)
    private let body: @Sendable (Int) -> Void

    init(limit: Int, _ body: @escaping @Sendable (Int) -> Void) {
      queue = WorkQueue(threadLimit: limit)
      self.body = body
    }

    func post(_ elements: [Int]) { if queue.post(elements) { start() } }

    func start() {
      started.wrappingAdd(1, ordering: .relaxed)
      _ = NamedThread("crew") { [self] in
        queue.arrive()
        while let (element, mustStart) = queue.next() {
          if mustStart { start() }
          body(element)
        }
      }
    }
  }

  @Test("every element is taken once, whatever the number of threads", arguments: [1, 2, 16])
  func everyElementOnce(limit: Int) throws {
    let taken = Mailbox<Int>()
    let crew = Crew(limit: limit) { taken.post($0) }
    for start in stride(from: 0, to: 5000, by: 50) { crew.post(Array(start..<start + 50)) }
    var seen: [Int] = []
    while seen.count < 5000 { seen += try #require(taken.take(until: Clock.monotonic + 60_000_000_000)) }
    #expect(seen.sorted() == Array(0..<5000))
    #expect(crew.started.load(ordering: .relaxed) <= limit)
    crew.queue.close()
  }

  @Test("no element waits behind a blocked thread while another may be had")
  func nobodyWaits() throws {
    let arrived = Mailbox<Int>()
    let release = Mailbox<Void>()
    let crew = Crew(limit: 8) { element in
      arrived.post(element)
      _ = release.take()
    }
    crew.post(Array(1...8))
    var inside: Set<Int> = []
    while inside.count < 8 {
      let new = try #require(arrived.take(until: Clock.monotonic + 60_000_000_000))
      try #require(!new.isEmpty, "only \(inside) are taken")
      inside.formUnion(new)
    }
    #expect(crew.started.load(ordering: .relaxed) == 8)
    crew.post([9])
    #expect(crew.queue.giveUpThread())
    release.close()
    crew.queue.close()
  }
}
