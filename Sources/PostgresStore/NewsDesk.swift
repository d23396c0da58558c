import CLinux
import Glibc
import Synchronization
import Telemetry
import Threading
import WorkflowStore

/// Tells other nodes what had better be looked at now, and is told by them.
///
/// Both are a convenience: whoever misses news finds the same at the next poll. Sending is done by a thread of its own
/// in transactions of their own, because every transaction with a NOTIFY queues up at one lock when it commits.
final class NewsDesk: Sendable {
  /// Nanoseconds in which news are gathered before they are sent again; the first of a quiet time go at once.
  private static let gathering: UInt64 = 2_000_000

  private let settings: ConnectionSettings
  private let session: [String]
  private let pool: ConnectionPool
  private let outbox = Mailbox<Set<StoreNews>>()
  private let threads = Mutex<[NamedThread]>([])
  private let counter = Atomic<Int64>(0)
  private let isSending = Atomic<Bool>(false)
  private let isClosed = Flag()
  /// Written to when the listener is to end.
  private let bell: (read: Int32, write: Int32)

  init(settings: ConnectionSettings, pool: ConnectionPool, session: [String]) {
    self.settings = settings
    self.pool = pool
    self.session = session
    var ends: [Int32] = [-1, -1]
    bell = cloacina_pipe(&ends) == 0 ? (ends[0], ends[1]) : (-1, -1)
  }

  deinit {
    if bell.read >= 0 {
      Glibc.close(bell.read)
      Glibc.close(bell.write)
    }
  }

  /// How often others have said that they changed runs.
  var changes: Int64 { counter.load(ordering: .relaxed) }

  func announce(_ news: Set<StoreNews>) {
    if !isSending.exchange(true, ordering: .relaxed) {
      threads.withLock { $0.append(NamedThread("announcer") { [self] in send() }) }
    }
    outbox.post(news)
  }

  func listen(_ receive: @escaping @Sendable (Set<StoreNews>) -> Void) {
    threads.withLock { $0.append(NamedThread("listener") { [self] in receiveAll(receive) }) }
  }

  /// Sends what was announced, then ends both threads. Idempotent.
  func close() {
    if isClosed.isSet { return }
    isClosed.set()
    outbox.close()
    var byte: UInt8 = 1
    _ = Glibc.write(bell.write, &byte, 1)
    for thread in threads.withLock({ $0 }) { thread.join() }
  }

  // MARK: Sending

  private static let notify = Statement(
    name: "announcing", sql: "SELECT pg_notify($1::text, w.news) FROM unnest($2::text[]) AS w (news)")

  private func send() {
    while let gathered = outbox.take() {
      let news = gathered.reduce(into: Set<StoreNews>()) { $0.formUnion($1) }
      do throws(StoreError) {
        try pool.with { connection throws(PostgresFailure) in
          let texts = news.map(\.rawValue).sorted()
          _ = try connection.run([
            Command(NewsDesk.notify, Parameters().add(settings.channel).add(texts: texts))
          ])
        }
      } catch {
        Log.write(.warning, "other nodes were not told of news; they find them by looking", [("error", error.message)])
      }
      if !isClosed.isSet { _ = OneShot<Void>().wait(until: Clock.monotonic + NewsDesk.gathering) }
    }
  }

  // MARK: Receiving

  private func receiveAll(_ receive: @escaping @Sendable (Set<StoreNews>) -> Void) {
    var backoff = Backoff()
    while !isClosed.isSet {
      do throws(StoreError) {
        let connection = try Connection(
          settings, session: session + ["SET statement_timeout = 0", "LISTEN \(SQLText.identifier(settings.channel))"])
        backoff = Backoff()
        // Whatever happened before this session listened was told to nobody.
        receive(Set(StoreNews.allCases))
        relay(connection, receive)
        connection.close()
        if isClosed.isSet { return }
        Log.write(.warning, "the connection that listens for news was lost; until it is back nodes look by themselves")
      } catch { if isClosed.isSet { return } }
      backoff.wait()
    }
  }

  private func relay(_ connection: Connection, _ receive: (Set<StoreNews>) -> Void) {
    while !isClosed.isSet {
      guard let texts = connection.notifications() else { return }
      let news = Set(texts.compactMap(StoreNews.init(rawValue:)))
      if news.contains(.runs) { counter.add(1, ordering: .relaxed) }
      if !news.isEmpty { receive(news) }
      var entries = [
        pollfd(fd: connection.socket, events: Int16(POLLIN), revents: 0),
        pollfd(fd: bell.read, events: Int16(POLLIN), revents: 0),
      ]
      _ = poll(&entries, 2, 30_000)
      if entries[1].revents != 0 { return }
    }
  }
}
