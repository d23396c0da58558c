import CPackageImage
import WorkflowModel

/// Writes frames to a runner (see `runner_frames.h`).
struct FrameWriter {
  /// What a rare burst needed and is given back afterwards.
  private static let mostKept = 1 << 20

  private var bytes: [UInt8] = []
  /// Bytes at the front that have been sent.
  private var sent = 0

  var isEmpty: Bool { sent == bytes.count }

  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: bytes.capacity <= FrameWriter.mostKept)
    sent = 0
  }

  /// Offers the unsent bytes to `send`, and forgets as many as it says it took.
  mutating func take(_ send: (UnsafeRawBufferPointer) -> Int) -> Int {
    let count = bytes.withUnsafeBytes { send(UnsafeRawBufferPointer(rebasing: $0[sent...])) }
    if count > 0 { sent += count }
    if isEmpty {
      removeAll()
    } else if sent > FrameWriter.mostKept, sent > bytes.count / 2 {
      bytes.removeFirst(sent)
      sent = 0
    }
    return count
  }

  /// Whether a call fits a frame at all; a longer frame would end the runner.
  static func fits(_ call: TaskCall) -> Bool {
    FrameWriter.size(call.runID.text.utf8.count, call.task.utf8.count, call.input.count)
      <= Int(CLOACINA_FRAME_LONGEST)
  }

  /// Four numbers, the deadline, and four strings with their counts; the key is "run/task".
  private static func size(_ run: Int, _ task: Int, _ input: Int) -> Int { 40 + run + (run + 1 + task) + input }

  /// - Parameter deadline: milliseconds since 1970; 0: none.
  mutating func call(_ call: TaskCall, deadline: Timestamp) {
    let run = call.runID.text.utf8
    let task = call.task.utf8
    let key = run.count + 1 + task.count
    let size = FrameWriter.size(run.count, task.count, call.input.count)
    header(CLOACINA_FRAME_CALL, size: size, call: call.id)
    append(UInt32(call.workflowIndex))
    append(UInt32(call.taskIndex))
    append(UInt32(call.attempt))
    append(UInt32(0))
    append(UInt64(bitPattern: deadline))
    append(UInt32(run.count))
    bytes.append(contentsOf: run)
    // The idempotency key: the same for every attempt of this task of this run.
    append(UInt32(key))
    bytes.append(contentsOf: run)
    bytes.append(UInt8(ascii: "/"))
    bytes.append(contentsOf: task)
    append(UInt32(0))
    append(UInt32(call.input.count))
    bytes.append(contentsOf: call.input)
  }

  mutating func cancel(_ call: UInt64) { header(CLOACINA_FRAME_CANCEL, size: 0, call: call) }

  mutating func shutdown() { header(CLOACINA_FRAME_SHUTDOWN, size: 0, call: 0) }

  private mutating func header(_ type: Int, size: Int, call: UInt64) {
    append(UInt32(size))
    append(UInt32(type))
    append(call)
  }

  private mutating func append(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }
}

/// A frame from a runner, its payload still where it was read.
struct Frame {
  var type: Int
  var callID: UInt64
  var payload: UnsafeRawBufferPointer
}

/// Reads the fields of one payload; answers nil, and nothing ever again, past its end.
struct PayloadReader {
  private var rest: UnsafeRawBufferPointer

  init(_ payload: UnsafeRawBufferPointer) { rest = payload }

  mutating func number<Number: FixedWidthInteger>(_ type: Number.Type) -> Number? {
    let size = MemoryLayout<Number>.size
    guard rest.count >= size else { return nil }
    let value = rest.loadUnaligned(as: Number.self)
    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(size))
    return Number(littleEndian: value)
  }

  mutating func bytes() -> [UInt8]? {
    guard let count = number(UInt32.self), rest.count >= Int(count) else { return nil }
    defer { rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(Int(count))) }
    return Array(rest.prefix(Int(count)))
  }

  mutating func text() -> String? { bytes().map { String(decoding: $0, as: UTF8.self) } }
}

/// Collects what is read from a runner and hands out whole frames.
struct FrameBuffer {
  private static let usualCapacity = 1 << 18

  private var bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: usualCapacity, alignment: 16)
  private var start = 0
  private var end = 0

  func deallocate() { bytes.deallocate() }

  /// Room for the next read; never empty.
  mutating func space() -> UnsafeMutableRawBufferPointer {
    if start == end { restart() }
    if bytes.count - end < 1 << 16 { makeRoom() }
    return UnsafeMutableRawBufferPointer(rebasing: bytes[end...])
  }

  mutating func filled(_ count: Int) { end += count }

  /// The next whole frame, valid until the next call of ``space()``; nil when more must be read.
  ///
  /// - Throws: ``FrameError`` for a header no runner writes.
  mutating func next() throws(FrameError) -> Frame? {
    guard end - start >= Int(CLOACINA_FRAME_HEADER_SIZE) else { return nil }
    let header = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
    let size = Int(UInt32(littleEndian: header.loadUnaligned(fromByteOffset: 0, as: UInt32.self)))
    let type = Int(UInt16(littleEndian: header.loadUnaligned(fromByteOffset: 4, as: UInt16.self)))
    let reserved = header.loadUnaligned(fromByteOffset: 6, as: UInt16.self)
    let known = Int(CLOACINA_FRAME_HELLO)...Int(CLOACINA_FRAME_PROGRESS)
    guard size <= Int(CLOACINA_FRAME_LONGEST), reserved == 0, known.contains(type) else {
      throw FrameError(description: "a frame of type \(type) with \(size) bytes")
    }
    guard end - start >= 16 + size else { return nil }
    let call = UInt64(littleEndian: header.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    start += 16 + size
    return Frame(type: type, callID: call, payload: UnsafeRawBufferPointer(rebasing: header[16..<(16 + size)]))
  }

  /// Begins at the front again, and gives back what a rare long frame needed.
  private mutating func restart() {
    (start, end) = (0, 0)
    guard bytes.count > FrameBuffer.usualCapacity else { return }
    bytes.deallocate()
    bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: FrameBuffer.usualCapacity, alignment: 16)
  }

  private mutating func makeRoom() {
    let used = end - start
    let capacity = used + (1 << 16) > bytes.count ? bytes.count * 2 : bytes.count
    let target =
      capacity == bytes.count ? bytes : UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 16)
    target.baseAddress!.copyMemory(from: bytes.baseAddress! + start, byteCount: used)
    if capacity != bytes.count {
      bytes.deallocate()
      bytes = target
    }
    (start, end) = (0, used)
  }
}

/// Bytes on a runner's socket that are no frame.
struct FrameError: Error, CustomStringConvertible {
  var description: String
}
