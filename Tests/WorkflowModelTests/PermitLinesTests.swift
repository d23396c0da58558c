import Testing

@testable import WorkflowModel

@Suite struct PermitLinesTests {
  private static let key = PermitLineKey(tenant: "t", key: "k")
  private static let millisecond: UInt64 = 1_000_000

  private func lines(_ waiters: Int..., limit: Int = 1) -> PermitLines<Int> {
    var lines = PermitLines<Int>()
    for waiter in waiters { lines.enqueue(waiter, key: Self.key, limit: limit) }
    return lines
  }

  /// Asks for whoever is due and answers for each.
  private func ask(_ lines: inout PermitLines<Int>, at now: UInt64, _ isGranted: (Int) -> Bool) -> [Int] {
    let requests = lines.due(now)
    lines.settle(requests.map { ($0, isGranted($0.waiter)) }, now: now)
    return requests.map(\.waiter)
  }

  @Test func asksForAsManyAsTheLimitLeaves() {
    var lines = lines(1, 2, 3, 4, limit: 3)
    #expect(lines.due(0).map(\.waiter) == [1, 2, 3])
    #expect(lines.due(0).isEmpty, "three are asked for")
    #expect(lines.waitingCount == 4 && lines.nextAsk == nil)
  }

  @Test func asksForTheNextWhenOneIsGivenBack() {
    var lines = lines(1, 2)
    #expect(ask(&lines, at: 0) { _ in true } == [1])
    #expect(lines.due(1_000_000_000).isEmpty && lines.nextAsk == nil)
    lines.release(Self.key)
    #expect(ask(&lines, at: 0) { _ in true } == [2])
    lines.release(Self.key)
    #expect(lines.isEmpty)
  }

  @Test func whoeverIsRefusedStaysFirst() {
    var lines = lines(1, 2, 3, 4, limit: 3)
    #expect(ask(&lines, at: 0) { $0 == 2 } == [1, 2, 3])
    lines.retryAll()
    #expect(ask(&lines, at: 0) { _ in true } == [1, 3])
    lines.release(Self.key)
    #expect(ask(&lines, at: 0) { _ in true } == [4])
  }

  @Test func pausesGrowToHalfASecondAndStartAnewWithAPermit() {
    var lines = lines(1, limit: 2)
    var now: UInt64 = 0
    for pause in [25, 50, 100, 200, 400, 500, 500] as [UInt64] {
      #expect(ask(&lines, at: now) { _ in false } == [1])
      #expect(lines.nextAsk == now + pause * Self.millisecond)
      #expect(lines.due(now + pause * Self.millisecond - 1).isEmpty)
      now += pause * Self.millisecond
    }
    #expect(ask(&lines, at: now) { _ in true } == [1])
    lines.enqueue(2, key: Self.key, limit: 2)
    #expect(ask(&lines, at: now) { _ in false } == [2])
    #expect(lines.nextAsk == now + 25 * Self.millisecond)
  }

  @Test func severalRefusalsAreOnePause() {
    var lines = lines(1, 2, 3, limit: 3)
    _ = ask(&lines, at: 0) { _ in false }
    #expect(lines.nextAsk == 25 * Self.millisecond)
  }

  @Test func whatIsGivenBackWhileAnAnswerIsOnItsWayIsAskedForAtOnce() {
    var lines = lines(1, 2, limit: 2)
    let first = lines.due(0)
    lines.settle([(first[0], true), (first[1], false)], now: 0)
    lines.retryAll()
    let second = lines.due(0)
    #expect(second.map(\.waiter) == [2])
    lines.release(Self.key)
    lines.settle([(second[0], false)], now: 0)
    #expect(lines.due(0).map(\.waiter) == [2])
  }

  @Test func whoLeavesIsNotAskedForAndOneThatIsAskedForIsForgotten() {
    var lines = lines(1, 2, 3)
    let request = lines.due(0)
    lines.remove(2, key: Self.key)
    lines.remove(1, key: Self.key)
    #expect(lines.waitingCount == 2, "the answer for 1 is still to come")
    lines.forget(request[0])
    #expect(ask(&lines, at: 0) { _ in true } == [3])
    lines.release(Self.key)
    #expect(lines.isEmpty)
  }

  @Test func aLineWithALowerLimitInFrontKeepsItsOrder() {
    var lines = lines(1, limit: 5)
    lines.enqueue(2, key: Self.key, limit: 1)
    lines.enqueue(3, key: Self.key, limit: 5)
    #expect(ask(&lines, at: 0) { _ in true } == [1], "2 needs an empty key, and 3 is behind it")
    lines.release(Self.key)
    #expect(ask(&lines, at: 0) { _ in true } == [2, 3])
  }

  @Test func keysHaveLinesOfTheirOwn() {
    var lines = lines(1, 2)
    for (other, waiter) in [PermitLineKey(tenant: "u", key: "k"): 3, PermitLineKey(tenant: "t", key: "l"): 4] {
      lines.enqueue(waiter, key: other, limit: 1)
    }
    #expect(Set(lines.due(0).map(\.waiter)) == [1, 3, 4])
  }

  /// Several nodes and one store that counts: the limit holds, everybody has a turn, each node in its order.
  @Test(arguments: 1...100)
  func manyNodesShareALimit(seed: Int) {
    var random = SeededRandom(seed: UInt64(seed))
    let limit = Int.random(in: 1...3, using: &random)
    var nodes = Array(repeating: PermitLines<Int>(), count: 3)
    var holders: [(node: Int, waiter: Int)] = []
    var served = Array(repeating: [Int](), count: nodes.count)
    for waiter in 0..<30 { nodes[waiter % 3].enqueue(waiter, key: Self.key, limit: limit) }
    var now: UInt64 = 0
    while served.joined().count < 30, now < 60_000 * Self.millisecond {
      now += Self.millisecond
      let node = Int.random(in: 0..<3, using: &random)
      let requests = nodes[node].due(now)
      var answers: [(request: PermitLines<Int>.Request, granted: Bool)] = []
      for request in requests {
        let granted = holders.count < limit
        if granted {
          holders.append((node, request.waiter))
          served[node].append(request.waiter)
        }
        answers.append((request, granted))
      }
      nodes[node].settle(answers, now: now)
      #expect(holders.count <= limit)
      if random.chance(100), let done = holders.popLast() { nodes[done.node].release(Self.key) }
    }
    for node in 0..<3 { #expect(served[node] == (0..<10).map { $0 * 3 + node }, "seed \(seed)") }
  }
}
