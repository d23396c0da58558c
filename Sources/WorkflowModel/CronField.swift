/// One of the five fields of a cron expression: what it is called and which values it takes.
struct CronField {
  let name: String
  let range: ClosedRange<Int>
  /// Words for the values from the range's start on.
  var words: [String] = []

  static let minute = CronField(name: "minute", range: 0...59)
  static let hour = CronField(name: "hour", range: 0...23)
  static let day = CronField(name: "day of the month", range: 1...31)
  static let month = CronField(
    name: "month", range: 1...12,
    words: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"])
  /// Sunday is both 0 and 7.
  static let weekday = CronField(
    name: "day of the week", range: 0...7, words: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"])

  /// True where the field leaves its days to the other field of days.
  static func isOpen(_ text: String) -> Bool { text.hasPrefix("*") || text.hasPrefix("?") }

  /// A bit for each value that matches: a list with commas of `*`, `?`, `N` or `N-M`, each with `/STEP` or without.
  func read(_ text: String) throws(CronError) -> UInt64 {
    var bits: UInt64 = 0
    for part in text.split(separator: ",", omittingEmptySubsequences: false) { bits |= try readPart(part, of: text) }
    return bits
  }

  private func readPart(_ part: Substring, of text: String) throws(CronError) -> UInt64 {
    let pieces = part.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let step = pieces.count == 2 ? CronField.digits(pieces[1]) : 1
    guard let step, step > 0 else { throw refusal(text, "the step '\(pieces[1])' is no whole number above 0") }
    let bounds = try bounds(pieces[0], hasStep: pieces.count == 2, of: text)
    var bits: UInt64 = 0
    var value = bounds.lowerBound
    while value <= bounds.upperBound {
      bits |= 1 << UInt64(value)
      let (next, isOver) = value.addingReportingOverflow(step)
      if isOver { break }
      value = next
    }
    return bits
  }

  private func bounds(_ text: Substring, hasStep: Bool, of field: String) throws(CronError) -> ClosedRange<Int> {
    if text == "*" || text == "?" { return range }
    let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    let first = try value(ends[0], of: field)
    guard ends.count == 2 else { return first...(hasStep ? max(first, range.upperBound) : first) }
    var last = try value(ends[1], of: field)
    // A week may also end on Sunday.
    if range.upperBound == 7, last == 0, first > 0 { last = 7 }
    guard first <= last else { throw refusal(field, "the range '\(text)' runs backwards") }
    return first...last
  }

  private func value(_ text: Substring, of field: String) throws(CronError) -> Int {
    if let place = words.firstIndex(of: text.uppercased()) { return range.lowerBound + place }
    guard let value = CronField.digits(text) else { throw refusal(field, "'\(text)' is no value of it") }
    guard range.contains(value) else {
      throw refusal(field, "\(value) is not between \(range.lowerBound) and \(range.upperBound)")
    }
    return value
  }

  private static func digits(_ text: Substring) -> Int? {
    text.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") } ? Int(text) : nil
  }

  private func refusal(_ text: String, _ reason: String) -> CronError { CronError("\(name) '\(text)': \(reason)") }
}
