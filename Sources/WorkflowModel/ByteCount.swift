/// Numbers of bytes as people write them.
package enum ByteCount {
  private static let units = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)]

  /// The number that a text such as `256 MiB` means; nil for anything but a whole number of KiB, MiB or GiB.
  package static func parse(_ text: String) -> Int? {
    guard let unit = units.first(where: { text.hasSuffix($0.0) }) else { return nil }
    var digits = text.dropLast(unit.0.count)
    if digits.last == " " { digits = digits.dropLast() }
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let count = Int(digits) else {
      return nil
    }
    let (bytes, isTooLarge) = count.multipliedReportingOverflow(by: unit.1)
    return isTooLarge ? nil : bytes
  }
}
