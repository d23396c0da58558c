/// The part of a package's new runs that its canary takes, in ten-thousandths.
///
/// Which runs these are follows from their ids alone, so that every node and every store draws the same, and a share
/// that grows keeps the runs' choice stable.
package struct CanaryShare: Hashable, Sendable, CustomStringConvertible {
  /// 0…10,000.
  package let parts: Int

  /// Numbers that are drawn from, 0 the first.
  package static let whole = 10_000

  /// - Parameter parts: ten-thousandths; nil unless within 0…10,000.
  package init?(parts: Int) {
    guard (0...CanaryShare.whole).contains(parts) else { return nil }
    self.parts = parts
  }

  /// - Parameter percent: 0…100, rounded to hundredths of a percent; nil for anything else.
  package init?(percent: Double) {
    guard percent >= 0, percent <= 100 else { return nil }
    parts = Int((percent * 100).rounded())
  }

  package var percent: Double { Double(parts) / 100 }

  /// `12.5 %`
  package var description: String {
    let hundredths = parts % 100
    guard hundredths != 0 else { return "\(parts / 100) %" }
    let digits = hundredths % 10 == 0 ? "\(hundredths / 10)" : hundredths < 10 ? "0\(hundredths)" : "\(hundredths)"
    return "\(parts / 100).\(digits) %"
  }

  /// Whether the canary takes this run.
  package func takes(_ run: RunID) -> Bool { CanaryShare.draw(run) < parts }

  /// 0…9,999: the number in the last eight hexadecimal digits of the run's id, which are random in every kind of UUID
  /// that is used here, modulo 10,000. An id that does not end in such digits is hashed.
  package static func draw(_ run: RunID) -> Int {
    let tail = run.text.utf8.suffix(8)
    var number: UInt32 = 0
    for digit in tail {
      guard let value = hexValue(digit) else { return Int(hash(run.text) % UInt32(whole)) }
      number = number << 4 | value
    }
    return tail.count == 8 ? Int(number % UInt32(whole)) : Int(hash(run.text) % UInt32(whole))
  }

  private static func hexValue(_ digit: UInt8) -> UInt32? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(digit - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(digit - UInt8(ascii: "A") + 10)
    default: nil
    }
  }

  /// FNV-1a of 32 bits.
  private static func hash(_ text: String) -> UInt32 {
    text.utf8.reduce(2_166_136_261) { ($0 ^ UInt32($1)) &* 16_777_619 }
  }
}
