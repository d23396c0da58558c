import Glibc
import Synchronization
import Threading

/// The least SQL that could do the same job on PostgreSQL, with the same durability: insert a run, claim it, write a
/// row for each task, finish it; 125 runs to a statement, each statement prepared and a transaction of its own.
///
/// The tasks of a step of the graph go in together, and the last ones with the end of their run. It writes no audit
/// trail, no lease and no context, and runs nothing.
struct PostgresFloor {
  struct Rates {
    /// Tasks a second from the first insertion to the last end.
    var tasks = 0.0
    /// The same from the first claim on.
    var drainTasks = 0.0
    var connections = 0
  }

  let options: BenchOptions
  private let batch = 125

  init(_ options: BenchOptions) { self.options = options }

  /// With 1, 2 and 4 connections; the best of them.
  func measure(runs: Int, shape: Shape) throws -> Rates {
    try [1, 2, 4].map { try measure(runs: runs, shape: shape, connections: $0) }.max { $0.tasks < $1.tasks }!
  }

  private func measure(runs: Int, shape: Shape, connections: Int) throws -> Rates {
    try ScratchDatabase.with(options, "floor") { database in
      try SQLSession(options.url).run("CREATE SCHEMA \"\(database.name)\"")
      try database.session().run(PostgresFloor.tables)
      try database.settle(vacuum: false)
      let sessions = try (0..<connections).map { _ in try PostgresFloor.prepared(try database.session(), shape) }
      let share = (runs + connections - 1) / connections
      let inserting = try PostgresFloor.together(sessions) { session, number in
        for first in stride(from: number * share, to: min(runs, (number + 1) * share), by: batch) {
          let ids = first..<min(first + batch, runs, (number + 1) * share)
          _ = try session.execute("insert", [PostgresFloor.list(ids.map(String.init))])
        }
      }
      let draining = try PostgresFloor.together(sessions) { session, _ in
        while true {
          let claimed = try session.execute("claim", ["\(batch)"]).map { $0[0] }
          guard !claimed.isEmpty else { return }
          for level in shape.levels.indices { _ = try session.execute("level\(level)", [PostgresFloor.list(claimed)]) }
        }
      }
      guard try sessions[0].number("SELECT count(*) FROM run WHERE status = 'succeeded'") == runs,
        try sessions[0].number("SELECT count(*) FROM task") == runs * shape.tasks
      else { throw BenchError("the bare SQL did not finish every run") }
      let tasks = Double(runs * shape.tasks) * 1e9
      return Rates(
        tasks: tasks / Double(inserting + draining), drainTasks: tasks / Double(draining), connections: connections)
    }
  }

  private static let tables = """
    CREATE TABLE run (id bigint PRIMARY KEY, status text NOT NULL, payload json NOT NULL, result json);
    CREATE INDEX run_claim ON run (id) WHERE status = 'pending';
    CREATE TABLE task (run_id bigint NOT NULL, number integer NOT NULL, output json NOT NULL,
      PRIMARY KEY (run_id, number));
    """

  private static func list(_ ids: [String]) -> String { "{\(ids.joined(separator: ","))}" }

  private static func prepared(_ session: SQLSession, _ shape: Shape) throws -> SQLSession {
    // As the engine's own connections are set: plans that do not depend on how full the tables were at first.
    try session.run("SET plan_cache_mode = force_generic_plan; SET jit = off; SET enable_seqscan = off")
    try session.prepare(
      "insert", "INSERT INTO run (id, status, payload) SELECT id, 'pending', '{}' FROM unnest($1::bigint[]) AS w (id)")
    try session.prepare(
      "claim",
      """
      UPDATE run SET status = 'leased' WHERE id = ANY (ARRAY(
        SELECT id FROM run WHERE status = 'pending' ORDER BY id LIMIT $1::bigint FOR UPDATE SKIP LOCKED))
      RETURNING id
      """)
    var number = 0
    for (level, width) in shape.levels.enumerated() {
      let tasks = """
        INSERT INTO task (run_id, number, output)
        SELECT w.id, t.number, '{"a":1}' FROM unnest($1::bigint[]) AS w (id)
        CROSS JOIN generate_series(\(number), \(number + width - 1)) AS t (number)
        """
      let end = "UPDATE run SET status = 'succeeded', result = '{\"a\":1}' WHERE id = ANY ($1::bigint[])"
      let isLast = level == shape.levels.count - 1
      try session.prepare("level\(level)", isLast ? "WITH tasks AS (\(tasks)) \(end)" : tasks)
      number += width
    }
    return session
  }

  /// Nanoseconds until `body` has returned for every connection, each on a thread of its own.
  private static func together(
    _ sessions: [SQLSession], _ body: @escaping @Sendable (SQLSession, Int) throws -> Void
  ) throws -> UInt64 {
    let failures = FailureBox()
    let time = elapsed {
      let threads = sessions.enumerated().map { number, session in
        NamedThread("floor-\(number)") { failures.note { try body(session, number) } }
      }
      for thread in threads { thread.join() }
    }
    if let failure = failures.first { throw failure }
    return time
  }
}

/// The first error of several threads.
private final class FailureBox: Sendable {
  private let found = Mutex<BenchError?>(nil)

  var first: BenchError? { found.withLock { $0 } }

  func note(_ body: () throws -> Void) {
    do { try body() } catch { found.withLock { $0 = $0 ?? BenchError("\(error)") } }
  }
}
