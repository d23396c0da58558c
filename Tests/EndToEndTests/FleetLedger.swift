import Foundation
import Testing
import WorkflowModel

extension Fleet {
  /// One line that a task body wrote.
  struct Line {
    let run: String
    let task: String
    let what: String
    /// Process of the node that ran it.
    let node: Int32
    /// Different for each execution.
    let mark: String
  }

  /// What task bodies wrote down, in the order in which they did.
  var lines: [Line] {
    workspace.readLedger(ledger).compactMap { fields in
      guard fields.count == 7, let node = Int32(fields[5]) else { return nil }
      return Line(run: fields[0], task: fields[1], what: fields[4], node: node, mark: fields[6])
    }
  }

  /// Waits until so many lines of the ledger say that a body of `task` did `what`.
  func waitForLines(_ count: Int, _ task: String, _ what: String) throws {
    try wait("\(count) lines '\(task) \(what)' in the ledger") {
      lines.count { $0.task == task && $0.what == what } >= count
    }
  }

  /// Holds the database against the ledger: nothing lost, doubled, mixed up or written late, and every invariant of the
  /// database kept.
  ///
  /// - Returns: the figures, see `judge.sql`.
  @discardableResult func expectSoundHistory(runs: Int) throws -> JSONValue {
    let figures = try JSONReader.read(
      try psql(["--set", "ledger=\(ledger)", "--file", "\(Workspace.root)/Tests/Packages/Crew/judge.sql"]))
    #expect(figures["runs"]?.integer == Int64(runs))
    for member in figures.members?.dropFirst(3) ?? [] {
      #expect(member.value.integer == 0, "\(member.name): \(figures.json)")
    }
    let check = try workspace.ctl("db", "check")
    #expect(check.status == 0, "\(check.output) \(check.errors)")
    return figures
  }

  /// Milliseconds, by the database's clock, from `time` to the last lease of a run that was recovered since; nil when
  /// there was none.
  func lastRecovery(since time: String) throws -> Double? {
    Double(
      try sql(
        """
        SELECT extract(epoch FROM max(again.created_at) - \(time)) * 1000
        FROM workflow_event AS lost CROSS JOIN LATERAL (
          SELECT created_at FROM workflow_event AS e
          WHERE e.workflow_id = lost.workflow_id AND e.event_type = 'leased' AND e.id > lost.id ORDER BY id LIMIT 1) AS again
        WHERE lost.event_type = 'recovered' AND lost.created_at > \(time)
        """))
  }
}
