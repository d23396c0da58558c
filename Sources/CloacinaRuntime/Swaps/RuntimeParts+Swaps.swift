import Telemetry
import Threading
import WorkflowModel
import WorkflowStore

extension RuntimeParts {
  /// Ends the swaps that an earlier process left behind in a database that is one process's alone: nobody leads them.
  func endAbandonedSwaps() {
    guard !store.isShared else { return }
    var open = SwapFilter()
    open.isOpen = true
    let failure = SwapFailure(code: "CLO-R086", message: "the process that led it ended; nothing was changed")
    do throws(StoreError) {
      for swap in try store.swaps(open) {
        if swap.step.isBeforeActivation {
          _ = try store.endSwap(swap.id, failure: failure, now: Clock.now)
        } else if swap.step == .settle {
          let limit = SwapRecord.drainingMilliseconds
          _ = try store.stepSwap(swap.id, to: .drain, timeoutMilliseconds: limit, now: Clock.now)
        }
      }
    } catch { Log.write(.warning, "swaps of an earlier process were not ended", [("error", error.description)]) }
  }
}
