import CLinux
package import CloacinaRuntime
import Glibc
import Synchronization
import Telemetry
import Threading
import WorkflowModel

/// Listens for commands and answers each connection on a thread of its own.
package final class ControlServer: Sendable {
  /// Connections at once; one more is told so and closed.
  package static let connectionLimit = 64
  /// What to do when one side says what the other does not understand.
  static let sameVersion = "command and daemon must be of one version; this is \(Runtime.version)"

  /// Path of the socket file.
  package let path: String

  private let listener: Int32
  private let handler: OperationHandler
  private let state = Mutex(State())
  private let acceptor = OneShot<NamedThread>()

  private struct State {
    var isStopping = false
    var nextID = 0
    var connections: [Int: Connection] = [:]
    /// Threads that have said goodbye and are to be joined.
    var finished: [NamedThread] = []
  }

  private struct Connection {
    var stream: SocketStream
    var thread: NamedThread?
  }

  /// Takes over the socket file at `path` and starts to answer.
  ///
  /// The caller holds the database's lock, so a file that lies there belongs to a daemon that is gone.
  package init(path: String, handler: @escaping OperationHandler) throws(RuntimeError) {
    self.path = path
    self.handler = handler
    do throws(FrameError) { listener = try ControlSocket.listen(path) } catch {
      throw RuntimeError(
        .unavailable, code: "CLO-D001", error.message, fix: "check the folder's permissions and free space")
    }
    let thread = NamedThread("ctl-accept") { [self] in acceptUntilStopped() }
    acceptor.deliver(thread)
  }

  /// Removes the socket file and refuses everything that is not already being worked on.
  package func stopAccepting() {
    let wasStopping = state.withLock { state in
      defer { state.isStopping = true }
      return state.isStopping
    }
    guard !wasStopping else { return }
    unlink(path)
    _ = shutdown(listener, Int32(SHUT_RDWR))
    acceptor.wait()?.join()
    close(listener)
  }

  /// Ends all connections and waits until their threads have ended; operations are not interrupted.
  package func stop() {
    stopAccepting()
    let threads = state.withLock { state in
      // A thread is joined once: those taken here are not left for `reap` when they say goodbye.
      state.connections.keys.compactMap { id in
        state.connections[id]?.stream.end()
        defer { state.connections[id]?.thread = nil }
        return state.connections[id]?.thread
      }
    }
    for thread in threads { thread.join() }
    reap()
  }

  // MARK: Accepting

  private func acceptUntilStopped() {
    while true {
      let descriptor = cloacina_accept(listener)
      let reason = errno
      if state.withLock({ $0.isStopping }) {
        if descriptor >= 0 { close(descriptor) }
        return
      }
      reap()
      guard descriptor >= 0 else {
        guard ControlServer.isPassing(reason) else {
          Log.write(.error, "control socket lost", [("reason", SocketStream.reason(reason))])
          return
        }
        continue
      }
      welcome(SocketStream(descriptor))
    }
  }

  /// Out of descriptors or memory: waiting for a connection to end is all that helps.
  private static func isPassing(_ reason: Int32) -> Bool {
    if reason == EMFILE || reason == ENFILE || reason == ENOBUFS || reason == ENOMEM {
      usleep(50_000)
      return true
    }
    return reason == EINTR || reason == ECONNABORTED || reason == EPROTO
  }

  private func welcome(_ stream: SocketStream) {
    guard ControlSocket.isTrusted(stream.descriptor) else {
      return refuse(
        stream,
        RuntimeError(
          .refused, code: "CLO-D002", "the daemon belongs to another user",
          fix: "run the command as the user who runs the daemon"))
    }
    let id = state.withLock { state -> Int? in
      guard state.connections.count < ControlServer.connectionLimit else { return nil }
      state.nextID += 1
      state.connections[state.nextID] = Connection(stream: stream, thread: nil)
      return state.nextID
    }
    guard let id else {
      return refuse(
        stream,
        RuntimeError(
          .unavailable, code: "CLO-D003", "the daemon has \(ControlServer.connectionLimit) connections already",
          fix: "try again when some of the waiting commands have ended"))
    }
    let thread = NamedThread("ctl-\(id)") { [self] in
      answer(stream)
      leave(id)
    }
    state.withLock { state in
      if state.connections[id] != nil { state.connections[id]?.thread = thread } else { state.finished.append(thread) }
    }
  }

  private func refuse(_ stream: SocketStream, _ error: RuntimeError) {
    // The peer may be gone already; there is nobody else to tell.
    try? Frame(.object([JSONMember("error", error.json)])).write(to: stream)
    close(stream.descriptor)
  }

  private func leave(_ id: Int) {
    state.withLock { state in
      guard let connection = state.connections.removeValue(forKey: id) else { return }
      close(connection.stream.descriptor)
      if let thread = connection.thread { state.finished.append(thread) }
    }
  }

  private func reap() {
    let finished = state.withLock { state in
      defer { state.finished = [] }
      return state.finished
    }
    for thread in finished { thread.join() }
  }

  // MARK: Answering

  private func answer(_ stream: SocketStream) {
    do throws(FrameError) {
      while let request = try Frame.read(from: stream) {
        let reply = reply(to: request, on: stream)
        do throws(FrameError) { try reply.write(to: stream) } catch {
          guard error.isOversize else { throw error }
          let refusal = RuntimeError(
            .invalid, code: "CLO-D004", error.message, fix: "ask for less, for example with --limit")
          try Frame(.object([JSONMember("error", refusal.json)])).write(to: stream)
        }
      }
    } catch { Log.write(.debug, "control connection ended", [("reason", error.message)]) }
  }

  private func reply(to request: Frame, on stream: SocketStream) -> Frame {
    do throws(RuntimeError) {
      guard !state.withLock({ $0.isStopping }) else {
        throw RuntimeError(.unavailable, code: "CLO-D005", "the daemon is stopping", fix: "try again in a moment")
      }
      guard let name = request.document["op"]?.text else {
        throw RuntimeError(.invalid, code: "CLO-D006", "a request names no operation", fix: ControlServer.sameVersion)
      }
      let wantsProgress = request.document["progress"]?.bool == true
      let answer = try handler(name, request.document["params"] ?? .object([]), request.attachment) { document in
        // A peer that is gone is noticed when it is answered; what it has asked for is done all the same.
        if wantsProgress { try? Frame(.object([JSONMember("progress", document)])).write(to: stream) }
      }
      return Frame(.object([JSONMember("ok", answer.document)]), attachment: answer.attachment)
    } catch { return Frame(.object([JSONMember("error", error.json)])) }
  }
}
