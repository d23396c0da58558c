import Glibc
import Testing
import Threading
import WorkflowModel

@testable import RuntimeAPI

@Suite(.serialized) struct FrameTests {
  /// Two connected streams; both are closed afterwards.
  private func withPair<Value>(_ body: (SocketStream, SocketStream) throws -> Value) throws -> Value {
    var ends: [Int32] = [-1, -1]
    try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
    defer { for end in ends { close(end) } }
    return try body(SocketStream(ends[0]), SocketStream(ends[1]))
  }

  /// What the reader makes of `bytes`, after which the writer is gone.
  private func read(_ bytes: [UInt8]) throws -> Result<Frame?, FrameError> {
    try withPair { writer, reader in
      if !bytes.isEmpty { try writer.write(bytes) }
      writer.end()
      do throws(FrameError) { return .success(try Frame.read(from: reader)) } catch { return .failure(error) }
    }
  }

  private func message(_ bytes: [UInt8]) throws -> String {
    guard case .failure(let error) = try read(bytes) else { return "read" }
    return error.message
  }

  @Test func framesArriveAsTheyWereSent() throws {
    let frames = [
      Frame(.object([])), Frame(.object([JSONMember("n", .number("1e400"))]), attachment: [0, 1, 255]),
      Frame(.string("ü\u{0}"), attachment: []),
    ]
    try withPair { writer, reader in
      for frame in frames { try frame.write(to: writer) }
      for frame in frames {
        let received = try Frame.read(from: reader)
        #expect(received == frame)
      }
      writer.end()
      let end = try Frame.read(from: reader)
      #expect(end == nil)
    }
  }

  @Test func largeFramesCrossInPieces() throws {
    let frame = Frame(
      .string(String(repeating: "x", count: 300_000)), attachment: [UInt8](repeating: 7, count: 3 << 20))
    try withPair { writer, reader in
      let thread = NamedThread("writer") { try? frame.write(to: writer) }
      let received = try Frame.read(from: reader)
      #expect(received == frame)
      thread.join()
    }
  }

  @Test func theSizesAreLittleEndian() throws {
    try withPair { writer, reader in
      try Frame(.null, attachment: [9]).write(to: writer)
      #expect(try reader.read(13) == [4, 0, 0, 0, 1, 0, 0, 0] + Array("null".utf8) + [9])
    }
  }

  @Test func anEndBetweenFramesIsNoError() throws {
    guard case .success(nil) = try read([]) else {
      Issue.record("an empty stream is an orderly end")
      return
    }
  }

  @Test(
    arguments: [
      [1], [4, 0, 0, 0, 0, 0, 0], [4, 0, 0, 0, 0, 0, 0, 0], [4, 0, 0, 0, 0, 0, 0, 0, 0x6E, 0x75],
      [4, 0, 0, 0, 1, 0, 0, 0, 0x6E, 0x75, 0x6C, 0x6C],
    ] as [[UInt8]]) func aCutFrameIsAnError(_ bytes: [UInt8]) throws
  {
    #expect(try message(bytes) == "the connection ended inside a frame")
  }

  @Test(
    arguments: [
      [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0], [0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF], [1, 0, 0, 4, 0, 0, 0, 0],
      [0, 0, 0, 0, 1, 0, 0, 0x10],
    ] as [[UInt8]]) func aSizeOverTheLimitIsRefusedBeforeAnythingIsRead(_ header: [UInt8]) throws
  {
    #expect(try message(header).contains("over the limits"))
  }

  @Test(arguments: ["", "{", "{\"a\":1,}", "nul", "{} {}", "\u{0}", "'a'"]) func whatIsNotJSONIsRefused(_ text: String)
    throws
  {
    let bytes = [UInt8(text.utf8.count), 0, 0, 0, 0, 0, 0, 0] + Array(text.utf8)
    #expect(try message(bytes).hasPrefix("a frame's document is not JSON"))
  }

  @Test func nestingHasALimitThatStoredPayloadsFitInside() throws {
    func nested(_ depth: Int) -> [UInt8] {
      let text = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
      let count = text.utf8.count
      return [UInt8(count & 255), UInt8(count >> 8), 0, 0, 0, 0, 0, 0] + Array(text.utf8)
    }
    #expect(try message(nested(JSONReader.depthLimit + 8)) == "read")
    #expect(try message(nested(JSONReader.depthLimit + 17)).contains("nesting deeper"))
  }

  @Test func writingToAReaderThatIsGoneIsAnErrorAndNoSignal() throws {
    try withPair { writer, reader in
      reader.end()
      #expect(throws: FrameError.self) { try Frame(.null).write(to: writer) }
    }
  }
}
