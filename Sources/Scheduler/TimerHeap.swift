import WorkflowModel

/// Retry delays that are running, earliest first: a binary heap.
struct TimerHeap {
  struct Entry {
    var at: Timestamp
    var key: TaskKey
  }

  private var entries: [Entry] = []

  /// When the earliest is due.
  var next: Timestamp? { entries.first?.at }

  mutating func insert(_ key: TaskKey, at: Timestamp) {
    entries.append(Entry(at: at, key: key))
    var child = entries.count - 1
    while child > 0, entries[child].at < entries[(child - 1) / 2].at {
      entries.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  /// Removes and returns the earliest entry that is due at `now`.
  mutating func popDue(_ now: Timestamp) -> TaskKey? {
    guard let first = entries.first, first.at <= now else { return nil }
    let last = entries.removeLast()
    guard !entries.isEmpty else { return first.key }
    entries[0] = last
    var parent = 0
    while true {
      let left = parent * 2 + 1
      guard left < entries.count else { break }
      let right = left + 1
      let least = right < entries.count && entries[right].at < entries[left].at ? right : left
      guard entries[least].at < entries[parent].at else { break }
      entries.swapAt(least, parent)
      parent = least
    }
    return first.key
  }
}
