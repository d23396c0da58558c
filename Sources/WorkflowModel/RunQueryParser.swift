/// Reads a query by this grammar: `or` binds weakest, then `and`, then `not`.
///
/// ```
/// query     = all { "or" all }
/// all       = one { "and" one }
/// one       = "not" one | "(" query ")" | condition
/// condition = field sign value | field "in" "(" value { "," value } ")"
/// ```
struct RunQueryParser {
  /// Letters of a query, and parentheses within one another: more than a person writes, less than a database refuses.
  static let letterLimit = 8000
  static let depthLimit = 50

  let now: Timestamp
  private let tokens: [RunQueryToken]
  private var position = 0
  private var depth = 0

  init(_ text: String, now: Timestamp) throws(RunQueryError) {
    guard text.count <= RunQueryParser.letterLimit else {
      throw RunQueryError(
        RunQueryParser.letterLimit + 1,
        "a query has at most \(RunQueryParser.letterLimit) letters, this has \(text.count)")
    }
    self.now = now
    tokens = try RunQueryLexer.tokens(text)
  }

  /// The whole text.
  mutating func query() throws(RunQueryError) -> RunQuery {
    let query = try alternatives()
    guard token.kind == .end else {
      throw RunQueryError(token.column, "\(token.shown) stands where 'and', 'or' or the end is expected")
    }
    return query
  }

  private var token: RunQueryToken { tokens[position] }

  private mutating func advance() { position = min(position + 1, tokens.count - 1) }

  private mutating func alternatives() throws(RunQueryError) -> RunQuery {
    var parts = [try conjunction()]
    while token.keyword == "or" {
      advance()
      parts.append(try conjunction())
    }
    return parts.count == 1 ? parts[0] : .any(parts)
  }

  private mutating func conjunction() throws(RunQueryError) -> RunQuery {
    var parts = [try one()]
    while token.keyword == "and" {
      advance()
      parts.append(try one())
    }
    return parts.count == 1 ? parts[0] : .all(parts)
  }

  private mutating func one() throws(RunQueryError) -> RunQuery {
    let isNot = token.keyword == "not"
    guard isNot || token.isSign("(") else { return try condition() }
    let opening = token
    advance()
    depth += 1
    defer { depth -= 1 }
    guard depth <= RunQueryParser.depthLimit else {
      throw RunQueryError(opening.column, "more than \(RunQueryParser.depthLimit) parentheses lie within one another")
    }
    if isNot { return .not(try one()) }
    let inner = try alternatives()
    guard token.isSign(")") else {
      throw RunQueryError(
        token.column, "\(token.shown) stands where the ')' for column \(opening.column), 'and' or 'or' is expected")
    }
    advance()
    return inner
  }

  private mutating func condition() throws(RunQueryError) -> RunQuery {
    guard case .word(let word) = token.kind else {
      let expected = RunQueryField.words.joined(separator: ", ")
      throw RunQueryError(token.column, "\(token.shown) stands where a field is expected: \(expected)")
    }
    let field = try RunQueryField(word, at: token.column)
    advance()
    let sign = try sign(of: field)
    let values = sign.text == "in" ? try list() : [try value()]
    return try field.condition(sign, values, now: now)
  }

  private mutating func sign(of field: RunQueryField) throws(RunQueryError) -> RunQuerySign {
    let sign = RunQuerySign(text: token.keyword ?? token.signText, column: token.column)
    guard field.signs.contains(sign.text) else {
      throw RunQueryError(
        token.column,
        "\(token.shown) cannot stand after \(field.name); use one of \(field.signs.joined(separator: " "))")
    }
    advance()
    return sign
  }

  private mutating func list() throws(RunQueryError) -> [RunQueryValue] {
    guard token.isSign("(") else { throw RunQueryError(token.column, "a list begins with '(', for example in (a, b)") }
    advance()
    var values = [try value()]
    while token.isSign(",") {
      advance()
      values.append(try value())
    }
    guard token.isSign(")") else {
      throw RunQueryError(token.column, "\(token.shown) stands where ',' or the ')' of the list is expected")
    }
    advance()
    return values
  }

  private mutating func value() throws(RunQueryError) -> RunQueryValue {
    let value: RunQueryValue
    switch token.kind {
    case .word(let text): value = RunQueryValue(text: text, isQuoted: false, column: token.column)
    case .quoted(let text): value = RunQueryValue(text: text, isQuoted: true, column: token.column)
    case .sign, .end: throw RunQueryError(token.column, "\(token.shown) stands where a value is expected")
    }
    advance()
    return value
  }
}

extension RunQueryToken {
  fileprivate var signText: String { if case .sign(let sign) = kind { sign } else { "" } }
}
