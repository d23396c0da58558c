/// The pauses of somebody who asks again and again: short at first, never long. In milliseconds.
struct PollBackoff {
  private(set) var pause: Int64
  private let cap: Int64

  init(from first: Int64, to cap: Int64) {
    pause = first
    self.cap = cap
  }

  /// For the end of a run. Another node tells nobody when it ends one. Here it gives a signal, and then a second is
  /// soon enough for what plain SQL has ended.
  static func runEnd(isShared: Bool) -> PollBackoff {
    isShared ? PollBackoff(from: 10, to: 250) : PollBackoff(from: 1000, to: 1000)
  }

  /// The pause to make now; the next is twice as long.
  mutating func next() -> Int64 {
    defer { pause = min(cap, pause * 2) }
    return pause
  }
}
