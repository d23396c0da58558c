import WorkflowModel
import WorkflowStore

/// One statement of a batch and what its rows mean for the outcome.
struct Step {
  let command: Command
  let read: (Rows, inout StoreOutcome) throws(StoreError) -> Void

  init(
    _ statement: Statement, _ parameters: Parameters,
    read: @escaping (Rows, inout StoreOutcome) throws(StoreError) -> Void = { _, _ in }
  ) {
    command = Command(statement, parameters)
    self.read = read
  }
}

extension Statement {
  /// The time of a batch. Parameter 1 is NULL, which means the database's own clock, except in tests.
  static let now = "coalesce($1::timestamptz, now())"

  /// A run under its lease, for statements in which `w` has the columns `run` and `epoch`: the fence of every write.
  ///
  /// With its collation named, the comparison does not match the index of leased runs: a plan made while the table was
  /// small would read that whole index for each row, and never its primary key.
  static let fence = #"r.id = w.run AND r.lease_epoch = w.epoch AND r.status COLLATE "C" = 'leased'"#
}

extension StoreOutcome {
  /// `count` answers, true at the positions (from 1) in the rows' first column.
  static func flags(_ count: Int, _ rows: Rows) -> [Bool] {
    if rows.count == count { return [Bool](repeating: true, count: count) }
    var flags = [Bool](repeating: false, count: count)
    for row in 0..<rows.count { flags[Int(rows.int(row, 0)) - 1] = true }
    return flags
  }
}

/// The bits of a run's id; an id that is no UUID becomes one that no run has.
func bits(_ run: RunID) -> UUIDBits { UUIDBits(run) ?? UUIDBits(high: 0, low: 0) }
