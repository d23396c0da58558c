package import CloacinaRuntime
package import WorkflowModel

/// Takes in documents that an operation sends before its answer.
package typealias ProgressSink = @Sendable (JSONValue) -> Void

extension SwapProgress {
  /// `cloacina.swap_progress/1`
  package var contract: JSONValue {
    .document(
      "swap_progress",
      [
        ("package", .string(package)), ("version", .string(version)), ("step", .string(step.rawValue)),
        ("state", .string(state.rawValue)), ("duration_ms", .number(milliseconds)),
      ])
  }
}
