import WorkflowModel

/// Reads inputs of runs from text with one JSON object a line, in whatever pieces it comes.
package struct InputLines {
  package struct Line: Sendable, Equatable {
    /// Counted from 1; blank lines count and are left out.
    package var number: Int
    /// The line without its end: a JSON object.
    package var bytes: [UInt8]
    /// The idempotency key in it, when one was asked for.
    package var key: String?
  }

  /// A line that is no input.
  package struct Mistake: Error, Sendable, Equatable {
    package var line: Int
    package var message: String
  }

  /// Largest line, in bytes: what a run's context may have.
  package static let lineLimit = RunLimits.contextBytes

  private let keyField: String?
  private var number = 0
  private var rest: [UInt8] = []

  /// - Parameter keyField: the member of each object that is the run's idempotency key; nil: none is.
  package init(keyField: String?) { self.keyField = keyField }

  /// Takes the next piece and returns the lines that end in it.
  package mutating func add(_ piece: ArraySlice<UInt8>) throws(Mistake) -> [Line] {
    var lines: [Line] = []
    var piece = piece
    while let end = piece.firstIndex(of: UInt8(ascii: "\n")) {
      rest += piece[..<end]
      if let line = try take() { lines.append(line) }
      piece = piece[(end + 1)...]
    }
    rest += piece
    guard rest.count <= InputLines.lineLimit else { throw oversize(line: number + 1) }
    return lines
  }

  /// The last line, when it has no end; nil when there is none.
  package mutating func finish() throws(Mistake) -> Line? { rest.isEmpty ? nil : try take() }

  private mutating func take() throws(Mistake) -> Line? {
    number += 1
    let bytes = rest
    rest.removeAll(keepingCapacity: true)
    guard bytes.count <= InputLines.lineLimit else { throw oversize(line: number) }
    if bytes.allSatisfy({ [0x20, 0x09, 0x0D].contains($0) }) { return nil }
    let object: JSONObjectText
    do throws(JSONError) { object = try JSONObjectText(bytes) } catch {
      throw Mistake(line: number, message: "not a JSON object: \(error)")
    }
    return Line(number: number, bytes: bytes, key: try key(in: object))
  }

  private func key(in object: JSONObjectText) throws(Mistake) -> String? {
    guard let keyField else { return nil }
    guard let value = object.value(of: keyField) else {
      throw Mistake(line: number, message: "no member '\(keyField)' to take the idempotency key from")
    }
    guard let text = (try? JSONReader.read(Array(value)))?.text, !text.isEmpty else {
      throw Mistake(line: number, message: "the member '\(keyField)' is no text that could be an idempotency key")
    }
    return text
  }

  private func oversize(line: Int) -> Mistake {
    Mistake(line: line, message: "larger than \(InputLines.lineLimit >> 20) MiB")
  }
}
