import Testing

@testable import WorkflowModel

@Suite struct PlacementTests {
  private func task(_ change: (inout TaskDefinition) -> Void) -> TaskDefinition {
    var task = TaskDefinition(id: "t")
    change(&task)
    return task
  }

  @Test func aTaskFitsANodeThatHasAllItsTags() {
    let task = task { $0.tags = ["gpu", "eu"] }
    #expect(task.fits(["eu", "large", "gpu"]))
    #expect(!task.fits(["gpu"]) && !task.fits([]))
    #expect(TaskDefinition(id: "t").fits([]))
  }

  @Test func aPermitTakesAKeyAndALimit() {
    #expect(task { ($0.concurrencyKey, $0.concurrencyLimit) = ("k", 1) }.needsPermit)
    #expect(!task { $0.concurrencyKey = "k" }.needsPermit)
    #expect(!task { $0.concurrencyLimit = 1 }.needsPermit)
  }

  @Test func aPlainTaskHasNeither() {
    #expect(TaskDefinition(id: "t").isPlain)
    #expect(!task { $0.tags = ["gpu"] }.isPlain)
    #expect(!task { ($0.concurrencyKey, $0.concurrencyLimit) = ("k", 1) }.isPlain)
  }

  @Test func onlyDeferringIsNotSupported() {
    #expect(
      task {
        $0.tags = ["gpu"]
        ($0.concurrencyKey, $0.concurrencyLimit) = ("k", 1)
      }.unsupportedFeature == nil)
    #expect(task { $0.defers = true }.unsupportedFeature?.contains("'t' defers") == true)
  }
}
