import Glibc

/// One end of a connected stream socket, read and written whole.
///
/// The owner closes the descriptor; `end` may be called from any thread to wake a blocked reader.
package struct SocketStream: Sendable {
  package let descriptor: Int32

  package init(_ descriptor: Int32) { self.descriptor = descriptor }

  /// Ends both directions, so that blocked reads and writes return.
  package func end() { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }

  /// Eight bytes, or nil when the peer ended before the first.
  func readHeader() throws(FrameError) -> [UInt8]? {
    let bytes = try readUpTo(8)
    if bytes.isEmpty { return nil }
    guard bytes.count == 8 else { throw FrameError("the connection ended inside a frame") }
    return bytes
  }

  /// Exactly `count` bytes.
  func read(_ count: Int) throws(FrameError) -> [UInt8] {
    let bytes = try readUpTo(count)
    guard bytes.count == count else { throw FrameError("the connection ended inside a frame") }
    return bytes
  }

  /// Memory grows with what arrives, not with what was announced.
  private func readUpTo(_ count: Int) throws(FrameError) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      let piece = min(count - bytes.count, 1 << 18)
      var failure: Int32 = 0
      let part = [UInt8](unsafeUninitializedCapacity: piece) { buffer, filled in
        let got = SocketStream.retrying { recv(descriptor, buffer.baseAddress, piece, 0) }
        if got < 0 { failure = errno }
        filled = max(0, got)
      }
      if failure != 0 { throw FrameError("reading failed: \(SocketStream.reason(failure))") }
      if part.isEmpty { return bytes }
      bytes.append(contentsOf: part)
    }
    return bytes
  }

  func write(_ bytes: [UInt8]) throws(FrameError) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        SocketStream.retrying { send(descriptor, buffer.baseAddress! + sent, buffer.count - sent, Int32(MSG_NOSIGNAL)) }
      }
      guard count > 0 else { throw FrameError("writing failed: \(SocketStream.reason(errno))") }
      sent += count
    }
  }

  private static func retrying(_ call: () -> Int) -> Int {
    while true {
      let result = call()
      if result >= 0 || errno != EINTR { return result }
    }
  }

  static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}
