import Glibc
import Synchronization
import Threading

/// The network between a store and its server, on loopback, which breaks where it is told to.
///
/// It reads the protocol, so that a connection can be cut at one statement of a batch, before or after.
final class FaultyWire: Sendable {
  enum Cut: Sendable {
    /// Neither this statement nor anything after it reaches the server.
    case before(String)
    /// The server does everything that it was sent; its answer never reaches the client.
    case answer(String)
    /// Everything reaches the server, and the client is gone before the server has done it.
    case client(String)
    /// Everything reaches the server but the request to answer, so that the server waits when it has done it.
    case unasked(String)
    /// This statement and what comes after it reach the server when ``deliver()`` says so, long after the client is gone.
    case late(String)

    var statement: String {
      switch self {
      case .before(let name), .answer(let name), .client(let name), .unasked(let name), .late(let name): name
      }
    }
  }

  private struct State {
    var cuts: [Cut] = []
    var sockets: Set<Int32> = []
    var threads: [NamedThread] = []
    var isClosed = false
  }

  let port: UInt16
  /// Whether a client stays connected when its server is gone, as behind a network that is slow to say so.
  fileprivate let keepsClients: Bool
  private let target: (host: String, port: UInt16)
  private let listener: Int32
  private let state = Mutex(State())
  private let delivery = OneShot<Void>()
  private let delivered = OneShot<Void>()

  /// Listens on a free port and leads to `host` and `port`.
  init(to host: String, _ targetPort: UInt16, keepsClients: Bool = false) {
    target = (host, targetPort)
    self.keepsClients = keepsClients
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    self.listener = listener
    var address = FaultyWire.address("127.0.0.1", 0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) { address in
      address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(listener, address, length) + listen(listener, 64) + getsockname(listener, address, &length)
      }
    }
    precondition(code == 0, "no port on loopback: \(errno)")
    port = UInt16(bigEndian: address.sin_port)
    let acceptor = NamedThread("wire") { [self] in accept() }
    state.withLock { $0.threads.append(acceptor) }
  }

  /// Where the connection is to be cut next, and then, and then.
  func cut(_ cuts: [Cut]) { state.withLock { $0.cuts = cuts } }

  /// Cuts that have not come to pass.
  var cutsLeft: Int { state.withLock { $0.cuts.count } }

  /// Lets what was held back reach the server, and waits until the server has done with it.
  func deliver() {
    delivery.deliver(())
    _ = delivered.wait()
  }

  func close() {
    let threads = state.withLock { state in
      state.isClosed = true
      for socket in state.sockets { shutdown(socket, Int32(SHUT_RDWR)) }
      return state.threads
    }
    shutdown(listener, Int32(SHUT_RDWR))
    delivery.deliver(())
    for thread in threads { thread.join() }
    Glibc.close(listener)
  }

  private static func address(_ host: String, _ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    inet_pton(AF_INET, host == "localhost" ? "127.0.0.1" : host, &address.sin_addr)
    return address
  }

  private func accept() {
    while true {
      let client = Glibc.accept(listener, nil, nil)
      guard client >= 0 else { return }
      let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      var address = FaultyWire.address(target.host, target.port)
      let code = withUnsafePointer(to: &address) { address in
        address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      for socket in [client, server] {
        // Or each of the small messages would wait for the last one's receipt.
        var yes: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
      }
      let isOpen = state.withLock { state in
        if code == 0, !state.isClosed { state.sockets.formUnion([client, server]) }
        return code == 0 && !state.isClosed
      }
      guard isOpen else {
        Glibc.close(client)
        Glibc.close(server)
        continue
      }
      let thread = NamedThread("link") { [self] in
        var link = Link(client: client, server: server, wire: self)
        link.run()
        state.withLock { $0.sockets.subtract([client, server]) }
        Glibc.close(client)
        Glibc.close(server)
      }
      state.withLock { $0.threads.append(thread) }
    }
  }

  /// The cut that is due at this statement, taken off the list.
  fileprivate func takeCut(at statement: String) -> Cut? {
    state.withLock { state in
      guard state.cuts.first?.statement == statement else { return nil }
      return state.cuts.removeFirst()
    }
  }

  fileprivate func waitForDelivery() { _ = delivery.wait() }
  fileprivate func noteDelivery() { delivered.deliver(()) }
}

/// One connection through the wire.
private struct Link {
  private enum State {
    case whole
    /// What the server says is dropped; the client is still there, or is let go once its batch is sent.
    case deaf(letsClientGo: Bool)
    case gone
    /// The rest of the batch is kept back.
    case holding
    /// The request to answer is dropped.
    case unasked
  }

  let client: Int32
  let server: Int32
  let wire: FaultyWire
  private var fromClient = Messages(isClient: true)
  private var fromServer = Messages(isClient: false)
  private var state = State.whole
  private var held: [UInt8] = []

  init(client: Int32, server: Int32, wire: FaultyWire) {
    self.client = client
    self.server = server
    self.wire = wire
  }

  mutating func run() {
    while true {
      var entries = [pollfd(fd: server, events: Int16(POLLIN), revents: 0)]
      if case .gone = state {} else { entries.append(pollfd(fd: client, events: Int16(POLLIN), revents: 0)) }
      guard poll(&entries, UInt(entries.count), -1) > 0 || errno == EINTR else { return }
      if entries.count > 1, entries[1].revents != 0 {
        guard let bytes = Link.read(client), passOn(bytes) else { break }
      }
      if entries[0].revents != 0 {
        guard let bytes = Link.read(server) else {
          if wire.keepsClients { while Link.read(client) != nil {} }
          break
        }
        guard answer(bytes) else { break }
      }
    }
    for socket in [client, server] { shutdown(socket, Int32(SHUT_RDWR)) }
    if case .gone = state, !held.isEmpty { wire.noteDelivery() }
  }

  /// False when the connection is to end.
  private mutating func passOn(_ bytes: [UInt8]) -> Bool {
    fromClient.add(bytes)
    while let message = fromClient.next() {
      if case .whole = state, let name = message.boundStatement, let cut = wire.takeCut(at: name) {
        switch cut {
        case .before: return false
        case .answer: state = .deaf(letsClientGo: false)
        case .client: state = .deaf(letsClientGo: true)
        case .unasked: state = .unasked
        case .late: state = .holding
        }
      }
      let isRequest = message.type == UInt8(ascii: "S")
      switch state {
      case .holding: held += message.bytes
      case .unasked where isRequest: break
      default: Link.write(message.bytes, to: server)
      }
      guard isRequest else { continue }
      switch state {
      case .deaf(letsClientGo: true): letClientGo()
      case .holding:
        letClientGo()
        wire.waitForDelivery()
        Link.write(held, to: server)
      default: break
      }
    }
    return true
  }

  private mutating func answer(_ bytes: [UInt8]) -> Bool {
    fromServer.add(bytes)
    while let message = fromServer.next() {
      switch state {
      case .whole, .unasked: Link.write(message.bytes, to: client)
      default: if message.type == UInt8(ascii: "Z") { return false }
      }
    }
    return true
  }

  private mutating func letClientGo() {
    shutdown(client, Int32(SHUT_RDWR))
    state = .gone
  }

  private static func read(_ socket: Int32) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = Glibc.read(socket, &bytes, bytes.count)
    return count > 0 ? Array(bytes[..<count]) : nil
  }

  private static func write(_ bytes: [UInt8], to socket: Int32) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { send(socket, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return }
      sent += count
    }
  }
}

/// Cuts a stream of bytes into the protocol's messages.
private struct Messages {
  struct Message {
    /// 0 for the first one of a client, which has none.
    var type: UInt8
    var bytes: [UInt8]

    /// The prepared statement that a Bind message names.
    var boundStatement: String? {
      guard type == UInt8(ascii: "B") else { return nil }
      let names = bytes.dropFirst(5).split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
      return String(decoding: names[1], as: UTF8.self)
    }
  }

  private var hasType: Bool
  private var bytes: [UInt8] = []

  init(isClient: Bool) { hasType = !isClient }

  mutating func add(_ more: [UInt8]) { bytes += more }

  mutating func next() -> Message? {
    let start = hasType ? 1 : 0
    guard bytes.count >= start + 4 else { return nil }
    let count = start + bytes[start..<(start + 4)].reduce(0) { $0 << 8 | Int($1) }
    guard bytes.count >= count else { return nil }
    defer {
      bytes.removeFirst(count)
      hasType = true
    }
    return Message(type: hasType ? bytes[0] : 0, bytes: Array(bytes[..<count]))
  }
}
