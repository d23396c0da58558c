/// Text patterns as SQL's LIKE has them: `%` for any text, `_` for one character, a backslash takes the next as it is.
package enum LikePattern {
  /// True when the whole of `text` matches.
  package static func matches(_ text: String, _ pattern: String) -> Bool {
    match(Array(text.unicodeScalars)[...], Array(pattern.unicodeScalars)[...])
  }

  private static func match(_ text: ArraySlice<Unicode.Scalar>, _ pattern: ArraySlice<Unicode.Scalar>) -> Bool {
    var (text, pattern) = (text, pattern)
    // Where the last `%` stood, and how much of the text it has taken so far.
    var retry: (pattern: ArraySlice<Unicode.Scalar>, text: ArraySlice<Unicode.Scalar>)?
    while true {
      if pattern.first == "%" {
        pattern = pattern.dropFirst()
        retry = (pattern, text)
      } else if let next = text.first, let taken = taken(next, pattern) {
        pattern = taken
        text = text.dropFirst()
      } else if text.isEmpty, pattern.isEmpty {
        return true
      } else {
        guard let last = retry, !last.text.isEmpty else { return false }
        retry = (last.pattern, last.text.dropFirst())
        (pattern, text) = (last.pattern, last.text.dropFirst())
      }
    }
  }

  /// The rest of the pattern when its head takes the letter; nil when it does not.
  private static func taken(_ letter: Unicode.Scalar, _ pattern: ArraySlice<Unicode.Scalar>)
    -> ArraySlice<Unicode.Scalar>?
  {
    guard let head = pattern.first else { return nil }
    if head == "_" { return pattern.dropFirst() }
    if head == "\\", let escaped = pattern.dropFirst().first {
      return escaped == letter ? pattern.dropFirst(2) : nil
    }
    return head == letter ? pattern.dropFirst() : nil
  }
}
