import CommandLineInterface
import WorkflowModel

/// Shows the steps of a swap while they happen, to people: on a terminal the one that goes on too.
struct SwapSteps {
  let console: Console

  /// Nil where nobody reads them: the answer has them all.
  init?(_ console: Console) {
    guard console.format == "table", !console.isQuiet else { return nil }
    self.console = console
  }

  func show(_ progress: JSONValue) {
    let step = progress["step"]?.text ?? ""
    let took = progress["duration_ms"]?.integer.map(Quantity.duration(milliseconds:)) ?? ""
    let name = step + String(repeating: " ", count: max(1, 10 - step.count))
    switch progress["state"]?.text {
    case "begins": console.progress("\(name)…")
    case "failed": console.step("\(name)failed after \(took)")
    default: console.step("\(name)\(took)")
    }
  }
}
