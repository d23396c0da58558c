/// Values kept by key, up to a number: then the one that was not used for longest makes room.
///
/// For what can be had again, so that a process that sees ever more keys does not grow with them.
package struct RecentlyUsed<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private struct Entry {
    var value: Value
    /// Number of the use.
    var usedAt: UInt64
  }

  private var entries: [Key: Entry] = [:]
  private var uses: UInt64 = 0
  private let limit: Int

  /// - Parameter limit: values kept at most; at least one is.
  package init(limit: Int) { self.limit = max(1, limit) }

  /// Values that are kept.
  package var count: Int { entries.count }

  /// The value kept for `key`, which counts as used now; nil when none is.
  package mutating func use(_ key: Key) -> Value? {
    guard let place = entries.index(forKey: key) else { return nil }
    uses += 1
    entries.values[place].usedAt = uses
    return entries.values[place].value
  }

  /// Keeps `value` for `key`, which counts as used now, in place of what was kept for it.
  package mutating func keep(_ value: Value, for key: Key) {
    if entries[key] == nil, entries.count >= limit, let oldest = entries.min(by: { $0.value.usedAt < $1.value.usedAt })
    {
      entries[oldest.key] = nil
    }
    uses += 1
    entries[key] = Entry(value: value, usedAt: uses)
  }

  /// Keeps nothing for `key` any more.
  package mutating func forget(_ key: Key) { entries[key] = nil }
}
