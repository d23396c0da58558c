import WorkflowModel
import WorkflowStore

/// Writes rows of the audit trail; text in `data` is built in one buffer that is used again and again.
final class EventLog {
  private let insert: Query
  private let insertIfRunExists: Query
  private var data: [UInt8] = []

  init(_ connection: Connection) {
    insert = connection.query(
      "writing an event",
      "INSERT INTO workflow_event (workflow_id, event_type, data, created_at) VALUES (?1, ?2, ?3, ?4)")
    insertIfRunExists = connection.query(
      "writing an event",
      """
      INSERT INTO workflow_event (workflow_id, event_type, data, created_at)
      SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM workflow_run WHERE id = ?1)
      """)
  }

  /// An event of a run that is known to exist.
  func write(_ run: RunID, _ type: String, at now: String) throws(StoreError) {
    try insert.bind(1, run.text).bind(2, type).bind(3, text: nil).bind(4, now).execute()
  }

  /// An event with an object of data, to which `fill` appends the members.
  func write(
    _ run: RunID, _ type: String, at now: String, _ fill: (inout EventData) -> Void
  ) throws(StoreError) {
    var object = EventData(buffer: data)
    data = []
    fill(&object)
    object.close()
    data = object.buffer
    try insert.bind(1, run.text).bind(2, type).bind(3, text: data).bind(4, now).execute()
  }

  /// Events that callers hand in; those of runs that were deleted meanwhile are dropped.
  func write(_ events: [EventWrite], at now: String) throws(StoreError) {
    for event in events {
      insertIfRunExists.bind(1, event.run.text).bind(2, event.type)
      insertIfRunExists.bind(3, text: event.data.isEmpty ? nil : event.data).bind(4, now)
      try insertIfRunExists.execute()
    }
  }
}

/// A flat JSON object under construction.
struct EventData {
  private(set) var buffer: [UInt8]

  init(buffer: [UInt8]) {
    self.buffer = buffer
    self.buffer.removeAll(keepingCapacity: true)
    self.buffer.append(UInt8(ascii: "{"))
  }

  mutating func add(_ name: StaticString, _ text: String) {
    begin(name)
    JSONValue.writeString(text, to: &buffer)
  }

  mutating func add(_ name: StaticString, _ number: Int64) {
    begin(name)
    buffer.append(contentsOf: String(number).utf8)
  }

  mutating func add(_ failure: Failure?) {
    guard let failure else { return }
    add("error_class", failure.errorClass.rawValue)
    add("error", failure.message)
  }

  mutating func close() { buffer.append(UInt8(ascii: "}")) }

  private mutating func begin(_ name: StaticString) {
    buffer.append(contentsOf: buffer.count > 1 ? [UInt8(ascii: ","), UInt8(ascii: "\"")] : [UInt8(ascii: "\"")])
    buffer.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    buffer.append(UInt8(ascii: "\""))
    buffer.append(UInt8(ascii: ":"))
  }
}
