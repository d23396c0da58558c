/// Names and texts as they stand in SQL.
enum SQLText {
  /// `name` between double quotes.
  static func identifier(_ name: String) -> String { quoted(name, "\"") }

  /// `text` between single quotes.
  static func literal(_ text: String) -> String { quoted(text, "'") }

  /// By scalars: a quote that a combining mark follows is another character to Swift, and still a quote to the server.
  private static func quoted(_ text: String, _ quote: Unicode.Scalar) -> String {
    var result = String.UnicodeScalarView([quote])
    for scalar in text.unicodeScalars {
      if scalar == quote { result.append(quote) }
      result.append(scalar)
    }
    result.append(quote)
    return String(result)
  }
}
