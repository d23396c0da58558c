import Testing
import Threading

@Suite struct MailboxTests {
  @Test func takesEverythingThatWasPostedInOrder() {
    let mailbox = Mailbox<Int>()
    for number in 0..<5 { mailbox.post(number) }
    #expect(mailbox.take() == [0, 1, 2, 3, 4])
  }

  @Test func answersEmptyAtTheDeadline() {
    #expect(Mailbox<Int>().take(until: Clock.monotonic) == [])
  }

  @Test func handsOutTheRestAfterClosingThenNil() {
    let mailbox = Mailbox<Int>()
    mailbox.post(1)
    mailbox.close()
    #expect(!mailbox.post(2))
    #expect(mailbox.take() == [1])
    #expect(mailbox.take() == nil)
  }

  @Test func losesNothingBetweenManyPostersAndOneReader() {
    let mailbox = Mailbox<Int>()
    let writers = (0..<4).map { writer in
      NamedThread("writer-\(writer)") { for number in 0..<10_000 { mailbox.post(writer * 10_000 + number) } }
    }
    var last = [Int](repeating: -1, count: 4)
    var count = 0
    while count < 40_000, let batch = mailbox.take() {
      for number in batch {
        #expect(number % 10_000 > last[number / 10_000], "order of one writer")
        last[number / 10_000] = number % 10_000
      }
      count += batch.count
    }
    for writer in writers { writer.join() }
    #expect(count == 40_000)
  }
}

@Suite struct OneShotTests {
  @Test func deliversAcrossThreadsAndOnlyOnce() {
    let answer = OneShot<String>()
    let thread = NamedThread("deliverer") {
      answer.deliver("first")
      answer.deliver("second")
    }
    #expect(answer.wait() == "first")
    thread.join()
  }

  @Test func answersNilAtTheDeadline() {
    #expect(OneShot<Int>().wait(until: Clock.monotonic) == nil)
  }
}
