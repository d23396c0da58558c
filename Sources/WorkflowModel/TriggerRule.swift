/// The condition under which a task starts once all its dependencies have ended.
package indirect enum TriggerRule: Sendable, Equatable {
  case always
  case all([TriggerRule])
  case any([TriggerRule])
  case none([TriggerRule])
  case succeeded(String)
  case failed(String)
  case skipped(String)
  /// The top-level member `key` of the context compares with `value`.
  case context(key: String, comparison: Comparison, value: JSONValue)

  /// How a context member compares with a given value.
  package enum Comparison: String, Sendable, CaseIterable {
    case equal, notEqual = "not_equal", less, greater, exists, contains
  }
}
