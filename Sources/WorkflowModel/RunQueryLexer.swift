/// A word or sign of a query, and where it begins.
struct RunQueryToken: Equatable {
  enum Kind: Equatable {
    /// Written without quotes.
    case word(String)
    /// Written between quotes.
    case quoted(String)
    /// `=`, `!=`, `<`, `<=`, `>`, `>=`, `~`, `(`, `)` or `,`
    case sign(String)
    case end
  }

  var kind: Kind
  /// Counted in letters, from 1.
  var column: Int

  /// The word in small letters; nil for anything else.
  var keyword: String? { if case .word(let word) = kind { word.lowercased() } else { nil } }

  func isSign(_ sign: String) -> Bool { kind == .sign(sign) }

  /// As an error names it.
  var shown: String {
    switch kind {
    case .word(let word), .quoted(let word): "'\(word)'"
    case .sign(let sign): "'\(sign)'"
    case .end: "the end"
    }
  }
}

/// Takes the text of a query apart.
struct RunQueryLexer {
  private static let signs: [Character] = ["=", "!", "<", ">", "~", "(", ")", ","]

  private let letters: [Character]
  private var position = 0

  init(_ text: String) { letters = Array(text) }

  /// Every token, the end last.
  static func tokens(_ text: String) throws(RunQueryError) -> [RunQueryToken] {
    var lexer = RunQueryLexer(text)
    var tokens: [RunQueryToken] = []
    repeat { tokens.append(try lexer.next()) } while tokens.last?.kind != .end
    return tokens
  }

  private mutating func next() throws(RunQueryError) -> RunQueryToken {
    while position < letters.count, letters[position].isWhitespace { position += 1 }
    let column = position + 1
    guard position < letters.count else { return RunQueryToken(kind: .end, column: column) }
    let letter = letters[position]
    if letter == "\"" || letter == "'" { return RunQueryToken(kind: .quoted(try quoted(letter)), column: column) }
    if RunQueryLexer.signs.contains(letter) { return RunQueryToken(kind: .sign(try sign()), column: column) }
    return RunQueryToken(kind: .word(word()), column: column)
  }

  private mutating func sign() throws(RunQueryError) -> String {
    let first = letters[position]
    position += 1
    if "!<>".contains(first), position < letters.count, letters[position] == "=" {
      position += 1
      return "\(first)="
    }
    guard first != "!" else {
      throw RunQueryError(position, "'!' stands alone; write != for 'is not', or the word not")
    }
    return String(first)
  }

  /// What stands between two of the same quotes; a backslash keeps the letter after it.
  private mutating func quoted(_ quote: Character) throws(RunQueryError) -> String {
    let start = position + 1
    var text = ""
    position += 1
    while position < letters.count, letters[position] != quote {
      if letters[position] == "\\", position + 1 < letters.count { position += 1 }
      text.append(letters[position])
      position += 1
    }
    guard position < letters.count else {
      throw RunQueryError(start, "the text that begins here has no closing \(quote)")
    }
    position += 1
    return text
  }

  private mutating func word() -> String {
    let start = position
    while position < letters.count, !isBreak(letters[position]) { position += 1 }
    return String(letters[start..<position])
  }

  private func isBreak(_ letter: Character) -> Bool {
    letter.isWhitespace || letter == "\"" || letter == "'" || RunQueryLexer.signs.contains(letter)
  }
}
