package import CloacinaRuntime
import Glibc
package import WorkflowModel

/// A connection to a daemon. Used by one thread at a time.
package final class ControlClient {
  /// Path of the daemon's socket.
  package let path: String
  private let stream: SocketStream

  private init(path: String, stream: SocketStream) {
    self.path = path
    self.stream = stream
  }

  deinit { close(stream.descriptor) }

  /// Connects to the first of `paths` on which a daemon listens; nil when there is none.
  ///
  /// - Throws: ``RuntimeError`` `.unavailable` when the socket of another user lies there.
  package static func connect(_ paths: [String]) throws(RuntimeError) -> ControlClient? {
    for path in paths {
      do throws(FrameError) {
        if let descriptor = try ControlSocket.connect(path) {
          return ControlClient(path: path, stream: SocketStream(descriptor))
        }
      } catch {
        throw RuntimeError(
          .unavailable, code: "CLO-D007", error.message,
          fix: "run the command as the user who runs the daemon, or set XDG_RUNTIME_DIR as the daemon has it")
      }
    }
    return nil
  }

  /// Has the daemon do one operation and waits for its answer, however long that takes.
  ///
  /// - Parameter progress: told how far it is meanwhile; nil: nobody wants to know.
  /// - Throws: what the operation threw; `.unavailable` when the daemon went away.
  package func perform(
    _ name: String, _ params: JSONValue, attachment: [UInt8] = [], progress: ProgressSink? = nil
  ) throws(RuntimeError) -> Answer {
    var members = [JSONMember("op", .string(name)), JSONMember("params", params)]
    if progress != nil { members.append(JSONMember("progress", .bool(true))) }
    let request = JSONValue.object(members)
    let reply: Frame?
    var unsent: FrameError?
    do throws(FrameError) { try Frame(request, attachment: attachment).write(to: stream) } catch { unsent = error }
    if let unsent, unsent.isOversize {
      throw RuntimeError(
        .invalid, code: "CLO-D004", unsent.message, fix: "send less at once: fewer inputs, a smaller package")
    }
    // A daemon that refuses a connection says why and closes it, perhaps before the request was sent.
    do throws(FrameError) { reply = try answer(progress) } catch { throw lost((unsent ?? error).message) }
    guard let reply else { throw lost("it closed the connection") }
    if let document = reply.document["ok"] { return Answer(document, attachment: reply.attachment) }
    guard let error = reply.document["error"].flatMap(RuntimeError.init(json:)) else {
      throw RuntimeError(
        .internal, code: "CLO-D008", "the daemon on \(path) sent an answer that makes no sense",
        fix: ControlServer.sameVersion)
    }
    throw error
  }

  /// The next frame that is no progress; nil when there is none.
  private func answer(_ progress: ProgressSink?) throws(FrameError) -> Frame? {
    while let frame = try Frame.read(from: stream) {
      guard let document = frame.document["progress"] else { return frame }
      progress?(document)
    }
    return nil
  }

  private func lost(_ reason: String) -> RuntimeError {
    RuntimeError(
      .unavailable, code: "CLO-D009", "the daemon on \(path) went away: \(reason)",
      fix: "runs are durable: start it again with cloacina-ctl serve and look with cloacina-ctl run list")
  }
}
