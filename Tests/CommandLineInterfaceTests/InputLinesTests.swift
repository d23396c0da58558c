import Testing
import WorkflowModel

@testable import CommandLineInterface

@Suite struct InputLinesTests {
  /// Everything that is read from `text` when it comes in pieces of `size` bytes.
  private func read(_ text: String, size: Int = 7, keyField: String? = nil) throws -> [InputLines.Line] {
    var lines = InputLines(keyField: keyField)
    var read: [InputLines.Line] = []
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      read += try lines.add(rest.prefix(size))
      rest = rest.dropFirst(size)
    }
    if let last = try lines.finish() { read.append(last) }
    return read
  }

  private func mistake(_ text: String, keyField: String? = nil) -> InputLines.Mistake? {
    do { _ = try read(text, keyField: keyField) } catch { return error as? InputLines.Mistake }
    return nil
  }

  private func line(_ number: Int, _ text: String, key: String? = nil) -> InputLines.Line {
    InputLines.Line(number: number, bytes: Array(text.utf8), key: key)
  }

  @Test(arguments: [1, 2, 3, 7, 1000]) func linesAreTheSameInPiecesOfEverySize(_ size: Int) throws {
    let text = "{\"a\": 1}\n\n \t\r\n{\"b\":\"ü\\n\"}\r\n{}"
    #expect(
      try read(text, size: size) == [line(1, "{\"a\": 1}"), line(4, "{\"b\":\"ü\\n\"}\r"), line(5, "{}")])
    #expect(try read(text + "\n", size: size).count == 3)
  }

  @Test func blankTextIsNoLine() throws {
    for text in ["", "\n", " \n\r\n\t"] { #expect(try read(text) == []) }
  }

  @Test func keysAreTakenFromTheTopLevel() throws {
    let text = "{\"id\":\"a\\u0062\",\"x\":{\"id\":\"no\"}}\n{\"x\":1,\"id\":\"c\"}"
    #expect(try read(text, keyField: "id").map(\.key) == ["ab", "c"])
    #expect(try read(text).map(\.key) == [nil, nil])
  }

  @Test(arguments: [
    ("{}\n{\"a\":1,}\n", 2), ("{}\n\n[1]", 3), ("5", 1), ("{\"a\":1}{\"b\":2}", 1), ("{\"a\":1,\"a\":2}", 1),
    ("{}\n{", 2),
    ("{}\n{}\n{\"a\":\n1}", 3),
  ]) func theFirstBadLineIsNamed(_ text: String, _ number: Int) {
    #expect(mistake(text)?.line == number)
    #expect(mistake(text)?.message.hasPrefix("not a JSON object") == true)
  }

  @Test(arguments: ["{}", "{\"id\":1}", "{\"id\":\"\"}", "{\"id\":null}", "{\"x\":{\"id\":\"a\"}}"])
  func aLineWithoutAKeyIsRefused(_ text: String) {
    let found = mistake("{\"id\":\"a\"}\n" + text, keyField: "id")
    #expect(found?.line == 2)
    #expect(found?.message.contains("'id'") == true)
  }

  @Test func aLineThatNeverEndsIsGivenUp() throws {
    var lines = InputLines(keyField: nil)
    _ = try lines.add(Array("{}\n".utf8)[...])
    let piece = [UInt8](repeating: UInt8(ascii: " "), count: InputLines.lineLimit)
    _ = try lines.add(piece[...])
    let error = #expect(throws: InputLines.Mistake.self) { try lines.add(piece[...]) }
    #expect(error == InputLines.Mistake(line: 2, message: "larger than 16 MiB"))
  }
}
