/// The offsets of one time zone from UTC through all time; all times are whole seconds since 1970.
package struct TimeZoneRules: Sendable, Equatable {
  /// Instants at which the offset changes, ascending.
  private let changes: [Int64]
  /// Seconds east of UTC before each change, and after the last one.
  private let offsets: [Int64]
  /// What holds from the last change on; nil: the last offset.
  private let rule: YearlyOffsets?

  /// UTC itself, which needs no file.
  package static let utc = TimeZoneRules(changes: [], offsets: [0], rule: nil)

  init(changes: [Int64], offsets: [Int64], rule: YearlyOffsets?) {
    self.changes = changes
    self.offsets = offsets
    self.rule = rule
  }

  /// Reads the contents of a TZif file (RFC 8536) of version 1, 2 or 3.
  package init(tzif bytes: [UInt8]) throws(TimeZoneError) {
    var reader = TZifReader(bytes: bytes)
    self = try reader.rules()
  }

  /// Seconds east of UTC.
  package func offset(at second: Int64) -> Int64 { span(at: second).offset }

  /// The first instant at which local clocks show `local` or later: in a gap its end, of two the first.
  ///
  /// - Parameter local: seconds since 1970 as a clock in UTC would count them when it shows that date and time.
  package func instant(ofLocal local: Int64) -> Int64 {
    // No zone is further east than this, so before it no clock shows that time yet.
    var second = local - 93_600
    while true {
      let span = span(at: second)
      guard let end = span.end, end + span.offset <= local else { return max(second, local - span.offset) }
      second = end
    }
  }

  /// The offset at an instant, and when the next change comes.
  private func span(at second: Int64) -> (offset: Int64, end: Int64?) {
    var low = 0
    var high = changes.count
    while low < high {
      let middle = (low + high) / 2
      if changes[middle] <= second { low = middle + 1 } else { high = middle }
    }
    guard low == changes.count else { return (offsets[low], changes[low]) }
    return rule?.span(at: second) ?? (offsets[low], nil)
  }
}

/// Why bytes are no time zone, as one sentence.
package struct TimeZoneError: Error, Sendable, Equatable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}
