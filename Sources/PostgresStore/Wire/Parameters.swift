import WorkflowModel

/// Values of one execution in PostgreSQL's binary form, one after another in one buffer. Used by one thread.
final class Parameters {
  private(set) var bytes: [UInt8] = []
  /// Where each value lies; a negative length is NULL.
  private(set) var spans: [(offset: Int, count: Int)] = []

  // MARK: Single values

  @discardableResult func add(_ text: String?) -> Parameters {
    guard let text else { return addNull() }
    return addValue { $0.append(contentsOf: text.utf8) }
  }

  @discardableResult func add(_ number: Int64?) -> Parameters {
    guard let number else { return addNull() }
    return addValue { Binary.append(UInt64(bitPattern: number), to: &$0) }
  }

  @discardableResult func add(_ flag: Bool) -> Parameters { addValue { $0.append(flag ? 1 : 0) } }

  @discardableResult func add(raw: [UInt8]?) -> Parameters {
    guard let raw else { return addNull() }
    return addValue { $0.append(contentsOf: raw) }
  }

  @discardableResult func add(time: Timestamp?) -> Parameters {
    guard let time else { return addNull() }
    return addValue { Binary.append(time: time, to: &$0) }
  }

  /// A time as PostgreSQL keeps it; the least number is the beginning of time.
  @discardableResult func add(microseconds: Int64) -> Parameters {
    addValue { Binary.append(UInt64(bitPattern: microseconds), to: &$0) }
  }

  @discardableResult func add(id: UUIDBits) -> Parameters { addValue { id.append(to: &$0) } }

  // MARK: Arrays

  @discardableResult func add(ids: some Collection<UUIDBits>) -> Parameters {
    addArray(ids, of: .uuid) { id, out in
      Binary.append(UInt32(16), to: &out)
      id.append(to: &out)
    }
  }

  @discardableResult func add(texts: some Collection<String?>) -> Parameters {
    addArray(texts, of: .text) { text, out in Parameters.append(text, to: &out) }
  }

  @discardableResult func addOptional(texts: [String]?) -> Parameters {
    guard let texts else { return addNull() }
    return add(texts: texts)
  }

  /// Times as PostgreSQL keeps them.
  @discardableResult func add(microseconds: some Collection<Int64>) -> Parameters {
    addArray(microseconds, of: .timestamptz) { time, out in
      Binary.append(UInt32(8), to: &out)
      Binary.append(UInt64(bitPattern: time), to: &out)
    }
  }

  @discardableResult func add(numbers: some Collection<Int64>) -> Parameters {
    addArray(numbers, of: .int8) { number, out in
      Binary.append(UInt32(8), to: &out)
      Binary.append(UInt64(bitPattern: number), to: &out)
    }
  }

  @discardableResult func add(times: some Collection<Timestamp?>) -> Parameters {
    addArray(times, of: .timestamptz) { time, out in
      guard let time else { return Binary.append(UInt32.max, to: &out) }
      Binary.append(UInt32(8), to: &out)
      Binary.append(time: time, to: &out)
    }
  }

  /// JSON or bytes; an empty element is NULL.
  @discardableResult func add(raws: some Collection<[UInt8]>, of type: Binary.Element) -> Parameters {
    addArray(raws, of: type) { raw, out in
      guard !raw.isEmpty else { return Binary.append(UInt32.max, to: &out) }
      Binary.append(UInt32(raw.count), to: &out)
      out.append(contentsOf: raw)
    }
  }

  // MARK: Building

  @discardableResult private func addNull() -> Parameters {
    spans.append((bytes.count, -1))
    return self
  }

  @discardableResult private func addValue(_ write: (inout [UInt8]) -> Void) -> Parameters {
    let start = bytes.count
    write(&bytes)
    spans.append((start, bytes.count - start))
    return self
  }

  private func addArray<Elements: Collection>(
    _ elements: Elements, of type: Binary.Element, _ write: (Elements.Element, inout [UInt8]) -> Void
  ) -> Parameters {
    addValue { out in
      // Dimensions, a flag that NULLs may come, the element's type, then length and first index.
      Binary.append(UInt32(1), to: &out)
      Binary.append(UInt32(1), to: &out)
      Binary.append(type.rawValue, to: &out)
      Binary.append(UInt32(elements.count), to: &out)
      Binary.append(UInt32(1), to: &out)
      for element in elements { write(element, &out) }
    }
  }

  private static func append(_ text: String?, to out: inout [UInt8]) {
    guard var text else { return Binary.append(UInt32.max, to: &out) }
    text.withUTF8 { utf8 in
      Binary.append(UInt32(utf8.count), to: &out)
      out.append(contentsOf: utf8)
    }
  }
}

/// PostgreSQL's binary forms: big-endian numbers, times as microseconds since 2000.
enum Binary {
  /// Object identifiers of element types; fixed in PostgreSQL's catalogue.
  enum Element: UInt32 {
    case bytea = 17
    case int8 = 20
    case text = 25
    case json = 114
    case timestamptz = 1184
    case uuid = 2950
  }

  /// 2000-01-01 in milliseconds since 1970.
  private static let epoch: Timestamp = 946_684_800_000

  static func append(_ number: UInt64, to out: inout [UInt8]) {
    withUnsafeBytes(of: number.bigEndian) { out.append(contentsOf: $0) }
  }

  static func append(_ number: UInt32, to out: inout [UInt8]) {
    withUnsafeBytes(of: number.bigEndian) { out.append(contentsOf: $0) }
  }

  static func append(time: Timestamp, to out: inout [UInt8]) {
    append(UInt64(bitPattern: (time - epoch) * 1000), to: &out)
  }

  /// Milliseconds since 1970, rounded down.
  static func time(_ microseconds: Int64) -> Timestamp {
    let (quotient, remainder) = microseconds.quotientAndRemainder(dividingBy: 1000)
    return quotient + (remainder < 0 ? -1 : 0) + epoch
  }
}
