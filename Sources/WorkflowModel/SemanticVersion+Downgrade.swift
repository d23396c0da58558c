extension SemanticVersion {
  /// True when `next` has a lower precedence than `current`; false as well for texts that are no versions.
  package static func isDowngrade(from current: String, to next: String) -> Bool {
    guard let current = try? SemanticVersion(parsing: current), let next = try? SemanticVersion(parsing: next) else {
      return false
    }
    return next.comparePrecedence(to: current) < 0
  }
}
