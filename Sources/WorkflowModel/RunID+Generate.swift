extension RunID {
  /// A new identity: UUID version 7, so that later runs sort after earlier ones, to the millisecond.
  ///
  /// - Parameters:
  ///   - now: milliseconds since 1970.
  ///   - random: 64 random bits for each call; called twice.
  package static func generate(now: Timestamp, random: () -> UInt64) -> RunID {
    let high = UInt64(bitPattern: now) << 16 | 0x7000 | random() & 0x0FFF
    let low = 0x8000_0000_0000_0000 | random() >> 2
    let text = String(unsafeUninitializedCapacity: 36) { out in
      var position = 0
      for digit in 0..<32 {
        if digit == 8 || digit == 12 || digit == 16 || digit == 20 {
          out[position] = UInt8(ascii: "-")
          position += 1
        }
        let word = digit < 16 ? high : low
        out[position] = hexDigit(UInt8(truncatingIfNeeded: word >> UInt64(60 - digit % 16 * 4)) & 15)
        position += 1
      }
      return position
    }
    return RunID(text)
  }

  private static func hexDigit(_ nibble: UInt8) -> UInt8 {
    nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
  }
}
