/// Which task comes before which: one row of bits for each task.
struct AncestorTable: Sendable {
  private let wordsPerRow: Int
  private var words: [UInt64]

  /// - Parameter order: dependencies before their dependents.
  init(dependencies: [[Int]], order: [Int]) {
    wordsPerRow = (dependencies.count + 63) / 64
    words = Array(repeating: 0, count: wordsPerRow * dependencies.count)
    for task in order {
      for dependency in dependencies[task] {
        for word in 0..<wordsPerRow { words[task * wordsPerRow + word] |= words[dependency * wordsPerRow + word] }
        words[task * wordsPerRow + dependency / 64] |= 1 << UInt64(dependency % 64)
      }
    }
  }

  /// True when `task` can only start after `other`.
  func isAncestor(_ other: Int, of task: Int) -> Bool {
    words[task * wordsPerRow + other / 64] >> UInt64(other % 64) & 1 == 1
  }

  /// How many tasks come before `task`.
  func count(of task: Int) -> Int {
    words[task * wordsPerRow..<(task + 1) * wordsPerRow].reduce(0) { $0 + $1.nonzeroBitCount }
  }
}
