import Testing
import WorkflowModel

@Suite("What was used lately is kept")
struct RecentlyUsedTests {
  @Test("however many values come, no more than the limit are kept, and those are the last")
  func isBounded() {
    var kept = RecentlyUsed<Int, String>(limit: 3)
    for key in 1...1000 { kept.keep("\(key)", for: key) }
    #expect(kept.count == 3)
    #expect((995...1000).map { kept.use($0) } == [nil, nil, nil, "998", "999", "1000"])
  }

  @Test("what is used stays while what is not used goes")
  func useKeeps() {
    var kept = RecentlyUsed<Int, Int>(limit: 2)
    kept.keep(10, for: 1)
    kept.keep(20, for: 2)
    #expect(kept.use(1) == 10)
    kept.keep(30, for: 3)
    #expect(kept.use(2) == nil)
    #expect(kept.use(1) == 10)
    #expect(kept.use(3) == 30)
  }

  @Test("a value kept anew replaces the one before and pushes nobody out")
  func replaces() {
    var kept = RecentlyUsed<Int, Int>(limit: 2)
    kept.keep(10, for: 1)
    kept.keep(20, for: 2)
    kept.keep(11, for: 1)
    #expect(kept.count == 2)
    #expect(kept.use(1) == 11)
    #expect(kept.use(2) == 20)
  }

  @Test("what is forgotten is gone and leaves room")
  func forgets() {
    var kept = RecentlyUsed<Int, Int>(limit: 2)
    kept.keep(10, for: 1)
    kept.keep(20, for: 2)
    kept.forget(1)
    kept.keep(30, for: 3)
    #expect(kept.use(1) == nil)
    #expect(kept.use(2) == 20)
    #expect(kept.use(3) == 30)
  }

  @Test("a limit of nothing keeps one value")
  func keepsOne() {
    var kept = RecentlyUsed<Int, Int>(limit: 0)
    kept.keep(10, for: 1)
    #expect(kept.use(1) == 10)
  }
}
