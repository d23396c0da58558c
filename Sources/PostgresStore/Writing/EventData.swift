import WorkflowModel

/// A flat JSON object under construction.
struct EventData {
  private(set) var bytes: [UInt8] = [UInt8(ascii: "{")]

  /// What the audit trail says of an ended attempt.
  static func of(_ checkpoint: TaskCheckpoint) -> [UInt8] {
    var data = EventData()
    data.add("task", checkpoint.task)
    data.add("attempt", Int64(checkpoint.attempt))
    if let started = checkpoint.startedAt { data.add("duration_ms", checkpoint.finishedAt - started) }
    if let failure = checkpoint.failure {
      data.add("error_class", failure.errorClass.rawValue)
      data.add("error", failure.message)
    }
    return data.closed
  }

  mutating func add(_ name: StaticString, _ text: String) {
    begin(name)
    JSONValue.writeString(text, to: &bytes)
  }

  mutating func add(_ name: StaticString, _ number: Int64) {
    begin(name)
    bytes.append(contentsOf: String(number).utf8)
  }

  var closed: [UInt8] { bytes + [UInt8(ascii: "}")] }

  private mutating func begin(_ name: StaticString) {
    if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
    bytes.append(UInt8(ascii: "\""))
    bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    bytes.append(UInt8(ascii: "\""))
    bytes.append(UInt8(ascii: ":"))
  }
}

/// Texts as PostgreSQL can keep them.
enum PlainText {
  /// The text with a mark in place of zero characters, which no PostgreSQL text can hold.
  static func storable(_ text: String) -> String {
    guard text.utf8.contains(0) else { return text }
    // By scalars: with a combining mark behind it a zero is another character.
    return String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 }))
  }
}
