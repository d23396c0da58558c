extension Grammar {
  static let rollbackOn = Flag(
    "rollback-on", value: "RULE", "return to the version before when the runs of this one break the rule")
  static let ruleDetail = """
    \(ruleGrammar) The rule is over with the next activation; exit code 5 (CLO-R070) when there is no version to \
    return to.
    """
  static let ruleGrammar = """
    A RULE is MEASURE > LIMIT for TIME, several of them with 'or' between them, and at the end 'min N runs' \
    (default: 10). MEASURE is error_rate, with a limit such as 5%, or p50 or p99, the time from a run's creation to \
    its end, with a limit such as 2s or 300ms. It is judged each second over the runs that ended within TIME, and has \
    to hold for TIME.
    """
}
