import CPostgres
import WorkflowModel
import WorkflowStore

/// What one execution returned: rows of binary values.
final class Rows {
  private let result: OpaquePointer

  /// Takes over `result`.
  init(_ result: OpaquePointer) { self.result = result }

  deinit { PQclear(result) }

  var count: Int { Int(PQntuples(result)) }

  var columns: Int { Int(PQnfields(result)) }

  /// `UPDATE 3`, `COMMIT`, …
  var tag: String { String(cString: PQcmdStatus(result)) }

  func isNull(_ row: Int, _ column: Int32) -> Bool { PQgetisnull(result, Int32(row), column) == 1 }

  func raw(_ row: Int, _ column: Int32) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(
      start: PQgetvalue(result, Int32(row), column), count: Int(PQgetlength(result, Int32(row), column)))
  }

  func bytes(_ row: Int, _ column: Int32) -> [UInt8] { [UInt8](raw(row, column)) }

  func text(_ row: Int, _ column: Int32) -> String { String(decoding: raw(row, column), as: UTF8.self) }

  func optionalText(_ row: Int, _ column: Int32) -> String? { isNull(row, column) ? nil : text(row, column) }

  /// A whole number of 2, 4 or 8 bytes; 0 for NULL.
  func int(_ row: Int, _ column: Int32) -> Int64 {
    let raw = raw(row, column)
    switch raw.count {
    case 8: return Int64(bigEndian: raw.loadUnaligned(as: Int64.self))
    case 4: return Int64(Int32(bigEndian: raw.loadUnaligned(as: Int32.self)))
    case 2: return Int64(Int16(bigEndian: raw.loadUnaligned(as: Int16.self)))
    default: return 0
    }
  }

  func flag(_ row: Int, _ column: Int32) -> Bool { raw(row, column).first == 1 }

  func time(_ row: Int, _ column: Int32) -> Timestamp { Binary.time(int(row, column)) }

  func optionalTime(_ row: Int, _ column: Int32) -> Timestamp? { isNull(row, column) ? nil : time(row, column) }

  func id(_ row: Int, _ column: Int32) -> UUIDBits {
    let raw = raw(row, column)
    return UUIDBits(
      high: UInt64(bigEndian: raw.loadUnaligned(as: UInt64.self)),
      low: UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
  }

  func digest(_ row: Int, _ column: Int32) throws(StoreError) -> PackageDigest {
    let hex = text(row, column)
    guard let digest = PackageDigest(hex: hex) else {
      throw StoreError(.corrupt, "'\(hex)' is no package digest; run 'cloacina-ctl db check'")
    }
    return digest
  }

  /// The elements of a one-dimensional array of texts.
  func texts(_ row: Int, _ column: Int32) -> [String] {
    let raw = raw(row, column)
    guard raw.count >= 20 else { return [] }
    func word(_ offset: Int) -> Int {
      Int(Int32(bigEndian: raw.loadUnaligned(fromByteOffset: offset, as: Int32.self)))
    }
    var elements: [String] = []
    var offset = 20
    for _ in 0..<word(12) {
      let length = max(0, word(offset))
      elements.append(String(decoding: raw[(offset + 4)..<(offset + 4 + length)], as: UTF8.self))
      offset += 4 + length
    }
    return elements
  }

  /// One value for each row.
  func records<Value>(_ make: (Rows, Int) -> Value) -> [Value] { (0..<count).map { make(self, $0) } }

  func map<Value>(_ body: (Int) throws(StoreError) -> Value) throws(StoreError) -> [Value] {
    var values: [Value] = []
    values.reserveCapacity(count)
    for row in 0..<count { values.append(try body(row)) }
    return values
  }
}
