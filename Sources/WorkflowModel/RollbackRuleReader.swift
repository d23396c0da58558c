/// Why a text is no rule: where it goes wrong and what may stand there.
package struct RollbackRuleError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The character, counted from 1, at which something else should stand.
  package var position: Int
  package var reason: String

  package var description: String { "at character \(position): \(reason)" }
}

extension RollbackRule {
  /// Reads `MEASURE > LIMIT for TIME`, several of them with `or` between them, and at the end `min N runs`.
  package init(_ text: String) throws(RollbackRuleError) {
    var reader = RollbackRuleReader(text)
    self = try reader.rule()
  }
}

/// Walks over the words, numbers and signs of a rule.
struct RollbackRuleReader {
  private enum Token: Equatable {
    case word(String)
    case number(String)
    case sign(Character)
    case end

    var shown: String {
      switch self {
      case .word(let text), .number(let text): "'\(text)'"
      case .sign(let sign): "'\(sign)'"
      case .end: "the end"
      }
    }
  }

  /// A token and the place of its first character, from 1.
  private struct Place {
    var token: Token
    var position: Int
  }

  private static let mostConditions = 8
  private static let windows: ClosedRange<Int64> = 1000...3_600_000
  private static let latencies: ClosedRange<Int64> = 1...86_400_000
  private static let minima: ClosedRange<Int64> = 1...1_000_000

  private var rest: ArraySlice<Place>
  private let end: Int

  init(_ text: String) {
    let letters = Array(text)
    rest = RollbackRuleReader.places(letters)[...]
    end = letters.count + 1
  }

  // MARK: Grammar

  mutating func rule() throws(RollbackRuleError) -> RollbackRule {
    var conditions = [try condition()]
    while next.token == .word("or") {
      if conditions.count == RollbackRuleReader.mostConditions {
        throw refusal("a rule has at most \(RollbackRuleReader.mostConditions) conditions")
      }
      rest.removeFirst()
      conditions.append(try condition())
    }
    var rule = RollbackRule(conditions)
    if next.token == .word("min") { rule.minimumRuns = try minimum() }
    guard next.token == .end else {
      throw refusal("\(next.token.shown) stands where 'or', 'min N runs' or the end is expected")
    }
    return rule
  }

  private mutating func condition() throws(RollbackRuleError) -> RollbackRule.Condition {
    let measure = try measure()
    guard next.token == .sign(">") else {
      throw refusal("\(next.token.shown) stands where '>' is expected; a rule says what is too much")
    }
    rest.removeFirst()
    let limit = try measure == .errorRate ? share() : latency(of: measure)
    guard next.token == .word("for") else {
      throw refusal("\(next.token.shown) stands where 'for' and a time are expected, for example 'for 60s'")
    }
    rest.removeFirst()
    return RollbackRule.Condition(measure, above: limit, for: try window())
  }

  private mutating func measure() throws(RollbackRuleError) -> RollbackRule.Measure {
    let known = RollbackRule.Measure.allCases.map(\.rawValue)
    guard case .word(let word) = next.token, let measure = RollbackRule.Measure(rawValue: word) else {
      var hint = ""
      if case .word(let word) = next.token { hint = Suggestion.hint(for: word, in: known) }
      throw refusal("\(next.token.shown) stands where one of \(known.joined(separator: ", ")) is expected\(hint)")
    }
    rest.removeFirst()
    return measure
  }

  private mutating func share() throws(RollbackRuleError) -> Int64 {
    let wanted = "a percentage from 0% to below 100%, with at most 4 decimals"
    let start = next
    guard case .number(let digits) = start.token else { throw refusal("\(start.token.shown) is not \(wanted)") }
    rest.removeFirst()
    guard next.token == .sign("%") else {
      throw refusal("\(next.token.shown) stands where '%' is expected; error_rate is compared with \(wanted)")
    }
    rest.removeFirst()
    guard let share = RollbackRuleReader.scaled(digits, places: 4), share < 1_000_000 else {
      throw refusal("'\(digits)%' is not \(wanted)", at: start)
    }
    return share
  }

  private mutating func latency(of measure: RollbackRule.Measure) throws(RollbackRuleError) -> Int64 {
    let wanted = "a time from 1ms to 1440m, in ms, s or m"
    let start = next
    guard let (time, text) = try time(wanted, "\(measure.rawValue) is compared with") else {
      throw refusal("\(start.token.shown) is not \(wanted)")
    }
    guard RollbackRuleReader.latencies.contains(time) else { throw refusal("'\(text)' is not \(wanted)", at: start) }
    return time
  }

  private mutating func window() throws(RollbackRuleError) -> Int64 {
    let wanted = "a time from 1s to 60m, in whole seconds"
    let start = next
    guard let (time, text) = try time(wanted, "'for' takes") else {
      throw refusal("\(start.token.shown) is not \(wanted)")
    }
    guard RollbackRuleReader.windows.contains(time), time % 1000 == 0 else {
      throw refusal("'\(text)' is not \(wanted)", at: start)
    }
    return time
  }

  /// A number with its unit, in milliseconds; nil when no number comes.
  private mutating func time(_ wanted: String, _ subject: String) throws(RollbackRuleError) -> (Int64, String)? {
    guard case .number(let digits) = next.token else { return nil }
    let start = next
    rest.removeFirst()
    let units: [String: (places: Int, factor: Int64)] = ["ms": (0, 1), "s": (3, 1), "m": (3, 60)]
    guard case .word(let word) = next.token, let unit = units[word] else {
      throw refusal("\(next.token.shown) stands where a unit is expected; \(subject) \(wanted)")
    }
    rest.removeFirst()
    guard let value = RollbackRuleReader.scaled(digits, places: unit.places) else {
      throw refusal("'\(digits)\(word)' is not \(wanted)", at: start)
    }
    return (value * unit.factor, digits + word)
  }

  private mutating func minimum() throws(RollbackRuleError) -> Int {
    rest.removeFirst()
    let range = RollbackRuleReader.minima
    let wanted = "a whole number from \(range.lowerBound) to \(range.upperBound)"
    guard case .number(let digits) = next.token, let count = Int64(digits), range.contains(count) else {
      throw refusal("\(next.token.shown) is not \(wanted)")
    }
    rest.removeFirst()
    guard next.token == .word("runs") else {
      throw refusal("\(next.token.shown) stands where 'runs' is expected: min \(count) runs")
    }
    rest.removeFirst()
    return Int(count)
  }

  // MARK: Places

  private var next: Place { rest.first ?? Place(token: .end, position: end) }

  private func refusal(_ reason: String, at place: Place? = nil) -> RollbackRuleError {
    RollbackRuleError(position: (place ?? next).position, reason: reason)
  }

  private static func places(_ letters: [Character]) -> [Place] {
    var places: [Place] = []
    var at = 0
    while at < letters.count {
      let start = at
      let letter = letters[at]
      func run(while belongs: (Character) -> Bool) -> String {
        while at < letters.count, belongs(letters[at]) { at += 1 }
        return String(letters[start..<at])
      }
      if letter == " " || letter == "\t" {
        at += 1
      } else if isDigit(letter) {
        places.append(Place(token: .number(run { isDigit($0) || $0 == "." }), position: start + 1))
      } else if isLetter(letter) {
        let word = run { isLetter($0) || isDigit($0) || $0 == "_" }
        places.append(Place(token: .word(word.lowercased()), position: start + 1))
      } else {
        at += 1
        places.append(Place(token: .sign(letter), position: start + 1))
      }
    }
    return places
  }

  private static func isDigit(_ letter: Character) -> Bool { letter >= "0" && letter <= "9" && letter.isASCII }

  private static func isLetter(_ letter: Character) -> Bool { letter.isASCII && letter.isLetter }

  /// `digits` times ten to the power of `places`; nil when that is no whole number below 10¹².
  private static func scaled(_ digits: String, places: Int) -> Int64? {
    let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, !parts[0].isEmpty, parts[0].count <= 12 else { return nil }
    let fraction = parts.count == 2 ? String(parts[1]) : "0"
    guard !fraction.isEmpty, fraction.dropFirst(places).allSatisfy({ $0 == "0" }) else { return nil }
    let padded = fraction.prefix(places) + String(repeating: "0", count: max(0, places - fraction.count))
    guard let value = Int64(parts[0] + padded), value < 1_000_000_000_000 else { return nil }
    return value
  }
}
