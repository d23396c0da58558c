import WorkflowModel

/// The 128 bits of a UUID.
struct UUIDBits: Hashable, Sendable {
  var high: UInt64
  var low: UInt64

  init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Nil unless the run's id is written as 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12.
  init?(_ run: RunID) {
    var text = run.text
    let words: (UInt64, UInt64)? = text.withUTF8 { utf8 in
      guard utf8.count == 36 else { return nil }
      var words: (UInt64, UInt64) = (0, 0)
      var digits = 0
      for (index, byte) in utf8.enumerated() {
        if index == 8 || index == 13 || index == 18 || index == 23 {
          guard byte == UInt8(ascii: "-") else { return nil }
          continue
        }
        guard let value = UUIDBits.value(byte) else { return nil }
        if digits < 16 { words.0 = words.0 << 4 | value } else { words.1 = words.1 << 4 | value }
        digits += 1
      }
      return words
    }
    guard let words else { return nil }
    (high, low) = words
  }

  func append(to out: inout [UInt8]) {
    Binary.append(high, to: &out)
    Binary.append(low, to: &out)
  }

  var run: RunID {
    RunID(
      String(unsafeUninitializedCapacity: 36) { out in
        var place = 0
        for digit in 0..<32 {
          if digit == 8 || digit == 12 || digit == 16 || digit == 20 {
            out[place] = UInt8(ascii: "-")
            place += 1
          }
          let word = digit < 16 ? high : low
          let nibble = UInt8(truncatingIfNeeded: word >> UInt64(60 - digit % 16 * 4)) & 15
          out[place] = nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
          place += 1
        }
        return place
      })
  }

  private static func value(_ byte: UInt8) -> UInt64? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
  }
}
