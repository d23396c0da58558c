import CPostgres
import Glibc
import Threading
import WorkflowStore

/// One connection in pipeline mode on a non-blocking socket, used by one thread at a time.
///
/// A list of commands is one round trip: all are sent before the first answer is waited for.
final class Connection {
  /// Nanoseconds without any answer after which the server counts as lost. Longer than its own statement timeout.
  static let patience: UInt64 = 90_000_000_000

  private enum Answer {
    case prepared(Statement)
    case executed(Statement)
    case sync
  }

  private let patience: UInt64
  private let handle: OpaquePointer
  /// Set when the server has said, unasked, that it ends the session.
  private let farewell: UnsafeMutablePointer<Bool>
  private var prepared: Set<String> = []
  private(set) var isBroken = false

  /// Connects and sets the session up; blocks for at most `connect_timeout`.
  ///
  /// - Throws: ``StoreError`` `.unavailable`.
  init(
    _ settings: ConnectionSettings, session: [String], patience: UInt64 = Connection.patience
  ) throws(StoreError) {
    self.patience = patience
    let parameters = settings.parameters
    var keys = parameters.map { strdup($0.key) } + [nil]
    var values = parameters.map { strdup($0.value) } + [nil]
    defer {
      for text in keys + values { free(text) }
    }
    let handle = keys.withUnsafeMutableBufferPointer { keys in
      values.withUnsafeMutableBufferPointer { values in
        keys.withMemoryRebound(to: UnsafePointer<CChar>?.self) { keys in
          values.withMemoryRebound(to: UnsafePointer<CChar>?.self) { values in
            PQconnectdbParams(keys.baseAddress, values.baseAddress, 0)
          }
        }
      }
    }
    guard let handle else { throw StoreError(.unavailable, "the process is out of memory", isTransient: true) }
    guard PQstatus(handle) == CONNECTION_OK else {
      let reason = Connection.message(handle)
      PQfinish(handle)
      throw StoreError(
        .unavailable, "\(settings.place) cannot be reached: \(reason); check the URL and that the server runs",
        isTransient: true)
    }
    self.handle = handle
    farewell = .allocate(capacity: 1)
    farewell.initialize(to: false)
    // In place of the standard error of whoever embeds this.
    PQsetNoticeReceiver(
      handle,
      { farewell, notice in
        if Connection.isFatal(notice) { farewell?.assumingMemoryBound(to: Bool.self).pointee = true }
      }, farewell)
    try setUp(session)
  }

  deinit {
    close()
    farewell.deallocate()
  }

  /// Ends the connection. Idempotent.
  func close() {
    if !isClosed { PQfinish(handle) }
    isClosed = true
    isBroken = true
  }
  private var isClosed = false

  /// What another thread can cancel a command of this connection with; to be freed by who asks for it.
  var canceller: OpaquePointer? { PQgetCancel(handle) }

  var socket: Int32 { PQsocket(handle) }
  var serverVersion: Int { Int(PQserverVersion(handle)) }
  /// What the server, or a proxy in front of it, gave as the session's process.
  var announcedProcess: Int { Int(PQbackendPID(handle)) }

  private static func message(_ handle: OpaquePointer) -> String {
    let text = String(cString: PQerrorMessage(handle))
    return text.split(whereSeparator: \.isNewline).joined(separator: "; ")
  }

  private func setUp(_ session: [String]) throws(StoreError) {
    for sql in session { try execute(sql) }
    guard PQsetnonblocking(handle, 1) == 0, PQenterPipelineMode(handle) == 1 else {
      throw StoreError(.failed, "the connection cannot be put into pipeline mode: \(Connection.message(handle))")
    }
  }

  private func execute(_ sql: String) throws(StoreError) {
    let result = PQexec(handle, sql)
    defer { PQclear(result) }
    let status = PQresultStatus(result)
    if PQstatus(handle) == CONNECTION_BAD { throw StoreError(lost(mayBeCommitted: false)) }
    guard status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK else {
      throw StoreError(PostgresFailure(result, statement: "setting the session up"))
    }
  }

  // MARK: Pipelines

  /// Sends all commands and one synchronization, and returns the rows of each.
  ///
  /// - Throws: ``PostgresFailure``; an open transaction is rolled back then, as far as there is a connection.
  func run(_ commands: [Command]) throws(PostgresFailure) -> [Rows] {
    guard !isBroken else { throw .lost(message: "the connection is closed", mayBeCommitted: false) }
    var answers: [Answer] = []
    answers.reserveCapacity(commands.count + 1)
    for command in commands { try send(command, &answers) }
    guard PQpipelineSync(handle) == 1 else { throw lost(mayBeCommitted: true) }
    answers.append(.sync)
    do throws(PostgresFailure) {
      let rows = try receive(answers)
      return rows
    } catch {
      if case .refused = error, PQtransactionStatus(handle) == PQTRANS_INERROR { rollBack() }
      throw error
    }
  }

  /// Sends one command and returns its rows.
  func ask(_ statement: Statement, _ parameters: Parameters) throws(StoreError) -> Rows {
    do throws(PostgresFailure) { return try run([Command(statement, parameters)])[0] } catch { throw StoreError(error) }
  }

  private func send(_ command: Command, _ answers: inout [Answer]) throws(PostgresFailure) {
    let statement = command.statement
    let name = statement.isKept ? statement.name : ""
    if !prepared.contains(name) {
      guard PQsendPrepare(handle, name, statement.sql, 0, nil) == 1 else { throw lost(mayBeCommitted: false) }
      if statement.isKept { prepared.insert(name) }
      answers.append(.prepared(statement))
    }
    let parameters = command.parameters
    let sent = parameters.bytes.withUnsafeBytes { bytes in
      let base = bytes.baseAddress?.assumingMemoryBound(to: CChar.self) ?? UnsafePointer(bitPattern: 1)!
      let values = parameters.spans.map { $0.count < 0 ? nil : Optional(base + $0.offset) }
      let lengths = parameters.spans.map { Int32(max(0, $0.count)) }
      let formats = [Int32](repeating: 1, count: values.count)
      return PQsendQueryPrepared(handle, name, Int32(values.count), values, lengths, formats, 1)
    }
    guard sent == 1 else { throw lost(mayBeCommitted: statement.name == Statement.commit.name) }
    answers.append(.executed(statement))
  }

  private func receive(_ answers: [Answer]) throws(PostgresFailure) -> [Rows] {
    var rows: [Rows] = []
    rows.reserveCapacity(answers.count)
    var failure: PostgresFailure?
    for answer in answers {
      try waitForResult()
      guard let result = PQgetResult(handle) else { throw lost(mayBeCommitted: true) }
      switch PQresultStatus(result) {
      case PGRES_COMMAND_OK, PGRES_TUPLES_OK:
        if case .executed = answer { rows.append(Rows(result)) } else { PQclear(result) }
      case PGRES_PIPELINE_SYNC:
        PQclear(result)
        continue
      default:
        defer { PQclear(result) }
        // The session's end may come in the place of an answer, even of one to a batch that is committed.
        if PQstatus(handle) == CONNECTION_BAD || Connection.isFatal(result) { throw lost(mayBeCommitted: true) }
        failure = note(result, answer, failure)
      }
      // The results of one command end with a null.
      try waitForResult()
      if let extra = PQgetResult(handle) {
        PQclear(extra)
        throw lost(mayBeCommitted: true)
      }
    }
    if let failure { throw failure }
    return rows
  }

  /// Whether it says that the session is over.
  private static func isFatal(_ result: OpaquePointer?) -> Bool {
    guard let severity = PQresultErrorField(result, Int32(UInt8(ascii: "V"))) else { return false }
    return ["FATAL", "PANIC"].contains(String(cString: severity))
  }

  private func note(
    _ result: OpaquePointer, _ answer: Answer, _ earlier: PostgresFailure?
  ) -> PostgresFailure {
    let name: String
    switch answer {
    case .prepared(let statement):
      prepared.remove(statement.name)
      name = statement.name
    case .executed(let statement): name = statement.name
    case .sync: name = "synchronization"
    }
    return earlier ?? PostgresFailure(result, statement: name)
  }

  /// Sends what is left to send and reads, until the next result can be taken without blocking.
  private func waitForResult() throws(PostgresFailure) {
    while true {
      let unsent = PQflush(handle)
      if unsent < 0 { throw lost(mayBeCommitted: true) }
      if PQisBusy(handle) == 0 { return }
      var entry = pollfd(fd: socket, events: Int16(POLLIN | (unsent == 1 ? POLLOUT : 0)), revents: 0)
      let ready = poll(&entry, 1, Int32(patience / 1_000_000))
      if ready < 0 && errno == EINTR { continue }
      guard ready > 0 else {
        throw lost(mayBeCommitted: true, "no answer for \(patience / 1_000_000_000) s")
      }
      if entry.revents & Int16(POLLIN | POLLHUP | POLLERR) != 0, PQconsumeInput(handle) == 0 {
        throw lost(mayBeCommitted: true)
      }
    }
  }

  private func lost(mayBeCommitted: Bool, _ reason: String? = nil) -> PostgresFailure {
    isBroken = true
    return .lost(message: reason ?? Connection.message(handle), mayBeCommitted: mayBeCommitted)
  }

  /// Runs several commands written in one text, by the simple protocol, outside the pipeline.
  func script(_ sql: String, _ purpose: String) throws(StoreError) {
    guard PQexitPipelineMode(handle) == 1, PQsetnonblocking(handle, 0) == 0 else {
      throw StoreError(.failed, "\(purpose) failed: \(Connection.message(handle))")
    }
    defer {
      if PQsetnonblocking(handle, 1) != 0 || PQenterPipelineMode(handle) != 1 { isBroken = true }
    }
    let result = PQexec(handle, sql)
    defer { PQclear(result) }
    if PQstatus(handle) == CONNECTION_BAD { throw StoreError(lost(mayBeCommitted: true)) }
    guard PQresultStatus(result) == PGRES_COMMAND_OK else {
      let failure = PostgresFailure(result, statement: purpose)
      PQclear(PQexec(handle, "ROLLBACK"))
      throw StoreError(failure)
    }
  }

  private static let rollback = Statement(name: "rollback", sql: "ROLLBACK")

  /// Undoes the open transaction; a connection on which that fails is given up.
  func rollBack() {
    guard !isBroken, PQtransactionStatus(handle) != PQTRANS_IDLE else { return }
    do throws(PostgresFailure) { _ = try run([Command(Connection.rollback)]) } catch { isBroken = true }
  }

  // MARK: Idle

  /// False when the server has ended the session, as far as this machine has been told. To be asked between two lists
  /// of commands; does not wait.
  var isAlive: Bool {
    while !isBroken {
      var entry = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
      guard poll(&entry, 1, 0) > 0 else { return true }
      // Beside its end only notices and the like come unasked; they are read by asking for a result.
      if PQconsumeInput(handle) == 0 || PQisBusy(handle) == 1 || farewell.pointee { isBroken = true }
    }
    return false
  }

  // MARK: News

  /// Notifications that have arrived: takes what the socket holds, without waiting.
  ///
  /// - Returns: the texts; nil when the connection is lost.
  func notifications() -> [String]? {
    guard !isBroken, PQconsumeInput(handle) == 1 else {
      isBroken = true
      return nil
    }
    var texts: [String] = []
    while let notification = PQnotifies(handle) {
      texts.append(String(cString: notification.pointee.extra))
      PQfreemem(notification)
    }
    return texts
  }
}
