import CloacinaABI

extension cloacina_text {
  /// A copy; bytes that are not UTF-8 are replaced.
  var string: String {
    String(decoding: UnsafeRawBufferPointer(start: utf8, count: utf8 == nil ? 0 : count), as: UTF8.self)
  }
}

extension cloacina_bytes {
  /// The bytes themselves, valid as long as the call they came with.
  var buffer: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: start, count: start == nil ? 0 : count) }
}

/// Lends `text` to `body` in the form of the ABI.
func withText(_ text: String, _ body: (cloacina_text) -> Void) {
  var text = text
  text.withUTF8 { buffer in
    buffer.withMemoryRebound(to: CChar.self) { body(cloacina_text(utf8: $0.baseAddress, count: $0.count)) }
  }
}

extension Duration {
  /// Whole milliseconds, rounded up, not below 0; the largest number when there is no room for more.
  var milliseconds: UInt64 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1000)
    let rest = (UInt64(attoseconds) + 999_999_999_999_999) / 1_000_000_000_000_000
    let (sum, carry) = whole.addingReportingOverflow(rest)
    return overflow || carry ? .max : sum
  }
}

extension Double {
  /// The nearest number of thousandths; 0 for a negative number or none, the largest when there is no room for more.
  var permille: UInt32 {
    let thousandths = (self * 1000).rounded()
    guard thousandths > 0 else { return 0 }
    return thousandths < Double(UInt32.max) ? UInt32(thousandths) : .max
  }
}
