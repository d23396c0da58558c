import CSQLite
import Foundation
import SQLiteStore
import WorkflowModel
import WorkflowStore

/// A database in a folder of its own, deleted with this object; and plain SQL beside the store, as the `sqlite3`
/// program would use it.
final class TemporaryDatabase {
  let folder: String
  let path: String
  let store: SQLiteStore

  struct SQLFailure: Error { var message: String }

  init() throws {
    folder = NSTemporaryDirectory() + "cloacina-store-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    path = folder + "/runs.db"
    store = try SQLiteStore.open(path: path)
  }

  deinit {
    store.close()
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// Runs `text` on a connection of its own and returns the rows, columns joined by `|`.
  @discardableResult func sql(_ text: String) throws -> [String] { try Self.sql(text, path) }

  @discardableResult static func sql(_ text: String, _ path: String) throws -> [String] {
    var database: OpaquePointer?
    defer { sqlite3_close(database) }
    guard sqlite3_open(path, &database) == SQLITE_OK else { throw SQLFailure(message: "cannot open \(path)") }
    sqlite3_busy_timeout(database, 5000)
    var rows: [String] = []
    let code = withUnsafeMutablePointer(to: &rows) { rows in
      sqlite3_exec(
        database, text,
        { context, count, values, _ in
          let columns = (0..<Int(count)).map { values?[$0].map { String(cString: $0) } ?? "NULL" }
          context?.assumingMemoryBound(to: [String].self).pointee.append(columns.joined(separator: "|"))
          return 0
        }, rows, nil)
    }
    guard code == SQLITE_OK else { throw SQLFailure(message: String(cString: sqlite3_errmsg(database))) }
    return rows
  }
}

extension SQLiteStore {
  static let demoDigest = PackageDigest(hex: String(repeating: "a", count: 64))!

  /// Registers and activates package `simple_demo` with workflow `data_processing`.
  func prepareDemo() throws {
    let digest = SQLiteStore.demoDigest
    let record = PackageRecord(
      digest: digest, tenant: "public", name: "simple_demo", version: "1.0.0", description: "", author: "",
      fingerprint: "", isolation: "runner", archiveBytes: 1, registeredAt: 1, state: .probed)
    let workflow = WorkflowRecord(
      tenant: "public", package: "simple_demo", version: "1.0.0", digest: digest, name: "data_processing",
      definition: Array("{}".utf8))
    let origin = Origin(actor: "a test", node: "n")
    _ = try register(record, archive: [1], workflows: [workflow], by: origin)
    let activation = ActivationRequest(tenant: "public", package: "simple_demo", digest: digest, origin: origin)
    _ = try activate(activation, now: currentTime())
  }

  func submit(_ ids: [String], at now: Timestamp = currentTime()) throws {
    var batch = StoreBatch(now: now)
    batch.submissions = ids.map {
      RunSubmission(
        id: RunID($0), tenant: "public", package: "simple_demo", workflow: "data_processing", input: Array("{}".utf8))
    }
    _ = try apply(batch)
  }

  func claim(_ limit: Int = 100, node: String = "node-1", at now: Timestamp = currentTime()) throws -> [ClaimedRun] {
    var batch = StoreBatch(now: now)
    batch.claim = ClaimRequest(node: node, leaseMilliseconds: 30_000, limit: limit)
    return try apply(batch).claimed
  }

  /// Leads and sweeps as `node`; the number of runs that were put back.
  @discardableResult func sweep(node: String = "sweeper", at now: Timestamp = currentTime()) throws -> Int {
    var batch = StoreBatch(now: now)
    let epoch = try lead(.sweep, node: node, leaseMilliseconds: 30_000, now: now) ?? 0
    batch.sweep = DutyKey(duty: .sweep, node: node, epoch: epoch)
    return try apply(batch).swept.runs
  }

  func finish(_ lease: LeaseKey, at now: Timestamp = currentTime()) throws -> Bool {
    var batch = StoreBatch(now: now)
    batch.finishes = [FinishWrite(lease: lease, status: .succeeded, result: Array("{}".utf8), failure: nil)]
    return try apply(batch).finishes == [true]
  }

  func eventTypes(_ id: String) throws -> [String] { try events(RunID(id), after: 0, limit: 100).map(\.type) }
}

/// Wall-clock time, a little ahead, so that rows stamped by the database a moment ago are due.
func currentTime() -> Timestamp { Timestamp(Date().timeIntervalSince1970 * 1000) + 5 }
