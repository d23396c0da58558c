/// What stands between a field and its value.
struct RunQuerySign {
  var text: String
  var column: Int
}

/// A value as it is written.
struct RunQueryValue {
  var text: String
  var isQuoted: Bool
  var column: Int
}

/// A field of a query and what may be asked of it.
struct RunQueryField {
  private enum Kind {
    case workflow, version, status, errorClass, priority
    case text(RunQuery.RunText)
    case time(RunQuery.RunTime)
  }

  /// Every field, as errors list them.
  static let words = [
    "workflow", "package", "type", "status", "version", "error", "error.class", "label.NAME", "created", "started",
    "ended", "priority", "id",
  ]

  let name: String
  private let kind: Kind

  init(_ word: String, at column: Int) throws(RunQueryError) {
    name = word.lowercased().hasPrefix("label.") ? word : word.lowercased()
    switch name {
    case "workflow": kind = .workflow
    case "package": kind = .text(.package)
    case "type": kind = .text(.type)
    case "status": kind = .status
    case "version": kind = .version
    case "error": kind = .text(.error)
    case "error.class": kind = .errorClass
    case "priority": kind = .priority
    case "id": kind = .text(.id)
    case _ where name.lowercased().hasPrefix("label.") && name.count > 6:
      kind = .text(.label(String(name.dropFirst(6))))
    case "tenant":
      throw RunQueryError(column, "the tenant is that of the command; leave it out and use --tenant")
    default:
      guard let time = RunQuery.RunTime(rawValue: name) else {
        throw RunQueryField.unknown("there is no field '\(word)'", word, RunQueryField.words, column)
      }
      kind = .time(time)
    }
  }

  /// What may stand after the field.
  var signs: [String] {
    switch kind {
    case .workflow, .version, .text: ["=", "!=", "~", "in"]
    case .status, .errorClass: ["=", "!=", "in"]
    case .priority: ["=", "!=", "<", "<=", ">", ">=", "in"]
    case .time: ["<", "<=", ">", ">="]
    }
  }

  /// The condition that the field, one of its signs and values make.
  func condition(
    _ sign: RunQuerySign, _ values: [RunQueryValue], now: Timestamp
  ) throws(RunQueryError) -> RunQuery {
    let query: RunQuery
    switch kind {
    case .text(let text): query = RunQueryField.test(text, sign, values)
    case .workflow: query = sign.text == "~" ? RunQueryField.test(.type, sign, values) : RunQueryField.workflows(values)
    case .version: query = RunQueryField.versions(sign, values)
    case .status:
      try RunQueryField.check(values, RunStatus.allCases.map(\.rawValue), "status")
      query = RunQueryField.test(.status, sign, values)
    case .errorClass:
      try RunQueryField.check(values, ErrorClass.allCases.map(\.rawValue), "error class")
      query = RunQueryField.test(.errorClass, sign, values)
    case .priority: query = try RunQueryField.priorities(sign, values)
    case .time(let time):
      query = .time(time, RunQueryField.order(sign), try RunQueryField.time(values[0], now: now))
    }
    return sign.text == "!=" ? .not(query) : query
  }

  private static func order(_ sign: RunQuerySign) -> RunQuery.Order { RunQuery.Order(rawValue: sign.text) ?? .equal }

  private static func test(_ text: RunQuery.RunText, _ sign: RunQuerySign, _ values: [RunQueryValue]) -> RunQuery {
    sign.text == "~" ? .text(text, .contains(values[0].text)) : .text(text, .isOneOf(values.map(\.text)))
  }

  /// A name with a point is `package.workflow`.
  private static func workflows(_ values: [RunQueryValue]) -> RunQuery {
    let names = values.map(\.text)
    let full = names.filter { $0.contains(".") }
    let short = names.filter { !$0.contains(".") }
    var parts: [RunQuery] = []
    if !full.isEmpty { parts.append(.text(.type, .isOneOf(full))) }
    if !short.isEmpty { parts.append(.text(.workflow, .isOneOf(short))) }
    return parts.count == 1 ? parts[0] : .any(parts)
  }

  /// The bare word `active` is no version but whichever one is active.
  private static func versions(_ sign: RunQuerySign, _ values: [RunQueryValue]) -> RunQuery {
    guard sign.text != "~" else { return test(.version, sign, values) }
    let named = values.filter { $0.isQuoted || $0.text != "active" }
    var parts: [RunQuery] = named.count < values.count ? [.hasActiveVersion] : []
    if !named.isEmpty { parts.append(test(.version, sign, named)) }
    return parts.count == 1 ? parts[0] : .any(parts)
  }

  private static func check(_ values: [RunQueryValue], _ words: [String], _ what: String) throws(RunQueryError) {
    for value in values where !words.contains(value.text) {
      throw unknown("'\(value.text)' is no \(what)", value.text, words, value.column)
    }
  }

  private static func unknown(_ what: String, _ word: String, _ words: [String], _ column: Int) -> RunQueryError {
    let nearest = Suggestion.nearest(to: word.lowercased(), in: words).map { "; did you mean '\($0)'?" } ?? "."
    return RunQueryError(column, "\(what)\(nearest) Use one of \(words.joined(separator: ", "))")
  }

  private static func priorities(
    _ sign: RunQuerySign, _ values: [RunQueryValue]
  ) throws(RunQueryError) -> RunQuery {
    var parts: [RunQuery] = []
    for value in values {
      guard let number = Int64(value.text) else {
        throw RunQueryError(value.column, "'\(value.text)' is no whole number, for example 100")
      }
      parts.append(.priority(order(sign), number))
    }
    return parts.count == 1 ? parts[0] : .any(parts)
  }

  private static func time(_ value: RunQueryValue, now: Timestamp) throws(RunQueryError) -> Timestamp {
    if let time = RelativeTime.parse(value.text, now: now) ?? TimestampFormat.parse(value.text) { return time }
    if let day = TimestampFormat.parse(value.text + "T00:00:00Z") { return day }
    throw RunQueryError(
      value.column, "'\(value.text)' is no time; write -30m, -2h, -7d, 2026-01-31 or 2026-01-31T09:30:00Z")
  }
}

/// Times that are counted from now.
enum RelativeTime {
  private static let units: [Character: Int64] = [
    "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000,
  ]

  /// `-2h`, `-1d12h`, `+30m`; nil for anything else, and for a time that no clock can show.
  static func parse(_ text: String, now: Timestamp) -> Timestamp? {
    guard let sign = text.first, sign == "-" || sign == "+", text.count > 1 else { return nil }
    var total: Int64 = 0
    var digits = ""
    for letter in text.dropFirst() {
      if letter.isASCII, letter.isNumber {
        digits.append(letter)
        continue
      }
      guard let unit = units[letter], let number = Int64(digits) else { return nil }
      let (span, isTooLong) = number.multipliedReportingOverflow(by: unit)
      let (sum, isOver) = total.addingReportingOverflow(span)
      guard !isTooLong, !isOver else { return nil }
      (total, digits) = (sum, "")
    }
    guard digits.isEmpty else { return nil }
    let (time, isOver) = now.addingReportingOverflow(sign == "-" ? -total : total)
    return isOver || !TimestampFormat.range.contains(time) ? nil : time
  }
}
