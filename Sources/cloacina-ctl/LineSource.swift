import CommandLineInterface
import Glibc

/// Where the lines of `--input-lines` come from, so that they can be read twice: to check them, and to start runs.
enum LineSource {
  case file(String)
  /// What cannot be read twice: standard input, a pipe.
  case bytes([UInt8], name: String)

  /// Most bytes that are kept in memory.
  private static let cap = 1 << 30

  static func open(_ path: String) throws(CommandError) -> LineSource {
    if path != "-", Files.isPlain(path) { return .file(path) }
    let name = path == "-" ? "standard input" : path
    return .bytes(try Files.read(path, what: "--input-lines", cap: cap), name: name)
  }

  /// Reads every line, in order.
  ///
  /// - Throws: ``CommandError`` for the first line that is no input, and what `take` throws.
  func read(keyField: String?, _ take: (InputLines.Line) throws(CommandError) -> Void) throws(CommandError) {
    var lines = InputLines(keyField: keyField)
    switch self {
    case .file(let path):
      try Files.readPieces(path, what: "--input-lines") { piece throws(CommandError) in
        for line in try checked(path, { () throws(InputLines.Mistake) in try lines.add(piece) }) { try take(line) }
      }
      if let line = try checked(path, { () throws(InputLines.Mistake) in try lines.finish() }) { try take(line) }
    case .bytes(let bytes, let name):
      var rest = bytes[...]
      while !rest.isEmpty {
        let piece = rest.prefix(1 << 18)
        for line in try checked(name, { () throws(InputLines.Mistake) in try lines.add(piece) }) { try take(line) }
        rest = rest.dropFirst(piece.count)
      }
      if let line = try checked(name, { () throws(InputLines.Mistake) in try lines.finish() }) { try take(line) }
    }
  }

  private func checked<Value>(_ name: String, _ body: () throws(InputLines.Mistake) -> Value) throws(CommandError)
    -> Value
  {
    do throws(InputLines.Mistake) { return try body() } catch {
      throw .invalid(
        "CLO-C014", "line \(error.line) of \(name) is no input: \(error.message)",
        fix: "write one JSON object a line, for example {\"rows\": 5}")
    }
  }
}
