import Testing

@testable import WorkflowModel

@Suite struct OutcomeCountsTests {
  @Test func bucketsCoverEveryLatencyOnce() {
    var next: Int64 = 0
    for bucket in 0...464 {
      let bounds = LatencyHistogram.bounds(bucket)
      #expect(bounds.lowerBound == next, "bucket \(bucket) begins where the one before ends")
      #expect(LatencyHistogram.bucket(bounds.lowerBound) == bucket)
      #expect(LatencyHistogram.bucket(min(bounds.upperBound, 1 << 32)) == bucket)
      #expect((bounds.upperBound - bounds.lowerBound) * 16 <= bounds.lowerBound, "a sixteenth at most")
      next = bounds.upperBound + 1
    }
    #expect(LatencyHistogram.bucket(-5) == 0)
    #expect(LatencyHistogram.bucket(.max) == 464)
  }

  @Test func quantilesHoldTheTrueValue() {
    var random = SeededRandom(seed: 11)
    for count in [1, 2, 9, 10, 99, 100, 101, 1000] {
      var histogram = LatencyHistogram()
      let values = (0..<count).map { _ in Int64(Double.random(in: 0...7, using: &random) * 1e6) % 300_000 }
      for value in values { histogram.add(value) }
      for percent in [1, 50, 99, 100] {
        let rank = (count * percent + 99) / 100
        let exact = values.sorted()[max(1, rank) - 1]
        #expect(histogram.quantile(percent: percent)?.contains(exact) == true, "p\(percent) of \(count)")
      }
    }
    #expect(LatencyHistogram().quantile(percent: 50) == nil)
  }

  @Test func countsAreMergedAndTakenApart() {
    var (first, second) = (OutcomeCounts(), OutcomeCounts())
    first.add(failed: false, latency: 3)
    first.add(failed: true, latency: 5000)
    second.add(failed: true, latency: 70_000)
    var sum = first
    sum.merge(second)
    #expect((sum.succeeded, sum.failed, sum.ended, sum.latency.count) == (1, 2, 3, 3))
    #expect(sum.since(first) == second)
    #expect(sum.since(second) == first)
    #expect(sum.since(sum) == OutcomeCounts())
    #expect(first.since(sum) == OutcomeCounts(), "an older state that has more says nothing")
  }

  @Test func countsComeBackFromJSON() throws {
    var counts = OutcomeCounts()
    for latency in [0, 3, 3, 15, 16, 17, 1000, 86_400_000, 1 << 40] as [Int64] {
      counts.add(failed: latency == 3, latency: latency)
    }
    #expect(OutcomeCounts(json: try JSONReader.read(counts.json.bytes)) == counts)
    #expect(OutcomeCounts(json: OutcomeCounts().json) == OutcomeCounts())
    #expect(counts.json["latency_ms"]?.elements?.prefix(2).map(\.json) == ["[0,1]", "[3,2]"])
  }

  @Test(arguments: [
    "{}", "[]", #"{"succeeded":1,"failed":0}"#, #"{"succeeded":-1,"failed":0,"latency_ms":[]}"#,
    #"{"succeeded":1,"failed":0,"latency_ms":[[1]]}"#, #"{"succeeded":1,"failed":0,"latency_ms":[[1,0]]}"#,
    #"{"succeeded":1,"failed":"0","latency_ms":[]}"#, #"{"succeeded":1,"failed":0,"latency_ms":[1]}"#,
  ]) func whatIsNoCountsIsRefused(_ text: String) throws {
    #expect(OutcomeCounts(json: try JSONReader.read(text)) == nil)
  }
}
