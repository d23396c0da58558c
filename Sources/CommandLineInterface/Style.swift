/// How text is laid out for whoever reads it.
package struct Style: Sendable {
  package var usesColor: Bool
  /// Columns of the terminal; nil when the output is no terminal, and then nothing is cut.
  package var width: Int?
  package var showsHeadings: Bool

  package init(usesColor: Bool = false, width: Int? = nil, showsHeadings: Bool = true) {
    self.usesColor = usesColor
    self.width = width
    self.showsHeadings = showsHeadings
  }

  /// Whether colour is used: `choice` is the value of `--color`, `environment` looks a variable up.
  package static func usesColor(choice: String?, isTerminal: Bool, environment: (String) -> String?) -> Bool {
    switch choice ?? "auto" {
    case "always": return true
    case "never": return false
    default:
      let isRefused = environment("NO_COLOR").map { !$0.isEmpty } ?? false
      return isTerminal && !isRefused && environment("TERM") != "dumb"
    }
  }

  package enum Tint: String, Sendable {
    case red = "31", green = "32", yellow = "33", cyan = "36", bold = "1", dim = "2"
  }

  /// `text` in a colour, when colours are used.
  package func paint(_ text: String, _ tint: Tint?) -> String {
    guard usesColor, let tint, !text.isEmpty else { return text }
    return "\u{1B}[\(tint.rawValue)m\(text)\u{1B}[0m"
  }

  /// The colour of a status word.
  package static func tint(ofStatus status: String) -> Tint? {
    switch status {
    case "succeeded", "ready": .green
    case "failed", "lost": .red
    case "cancelled", "paused", "cordoned", "draining", "drained": .yellow
    case "leased", "running": .cyan
    case "skipped", "not_reached", "pending": .dim
    default: nil
    }
  }
}
