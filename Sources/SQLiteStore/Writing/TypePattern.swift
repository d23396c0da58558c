/// Turns LIKE patterns into GLOB patterns: SQLite's LIKE does not tell upper from lower case and knows no escapes.
enum TypePattern {
  /// `%` stands for any text, `_` for one character, and a backslash takes the next character as it is.
  static func glob(_ like: String) -> String {
    var glob = ""
    var isEscaped = false
    for character in like.unicodeScalars {
      switch character {
      case _ where isEscaped: glob += literal(character)
      case "\\":
        isEscaped = true
        continue
      case "%": glob += "*"
      case "_": glob += "?"
      default: glob += literal(character)
      }
      isEscaped = false
    }
    return isEscaped ? glob + "\\" : glob
  }

  private static func literal(_ character: Unicode.Scalar) -> String {
    switch character {
    case "*", "?", "[": "[\(character)]"
    default: String(character)
    }
  }
}
