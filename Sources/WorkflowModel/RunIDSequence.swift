/// Makes run identities: UUIDs of version 7, each greater than the one before.
///
/// Runs submitted together thereby lie together in the store's indexes, so that a transaction over a few hundred
/// of them touches few pages.
package struct RunIDSequence: Sendable {
  private var time: Timestamp = 0
  /// 32 bits after the time; begins at random below 2³¹ in each millisecond and is counted up within it.
  private var counter: UInt64 = 0

  package init() {}

  /// A sequence that has come to a certain place.
  init(time: Timestamp, counter: UInt64) {
    self.time = time
    self.counter = counter
  }

  /// A new identity, later than all before it even when the clock stands still or goes back.
  ///
  /// - Parameters:
  ///   - now: milliseconds since 1970.
  ///   - random: 64 random bits for each call.
  package mutating func next(now: Timestamp, random: () -> UInt64) -> RunID {
    if now > time {
      time = now
      counter = random() >> 33
    } else {
      counter += 1
      if counter >> 32 != 0 {
        time += 1
        counter = random() >> 33
      }
    }
    let high = UInt64(bitPattern: time) << 16 | 0x7000 | counter >> 20
    let low = 0x8000_0000_0000_0000 | (counter & 0xF_FFFF) << 42 | random() >> 22
    return RunID(RunIDSequence.text(high, low))
  }

  private static func text(_ high: UInt64, _ low: UInt64) -> String {
    String(unsafeUninitializedCapacity: 36) { out in
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
  }

  private static func hexDigit(_ nibble: UInt8) -> UInt8 {
    nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
  }
}
