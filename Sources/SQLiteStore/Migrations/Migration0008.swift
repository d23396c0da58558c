extension Migration {
  static let canaryRules = Migration(
    number: 8, name: "rules of canaries",
    sql: """
      -- The rule that a canary is under: the epoch of its row in rollback_rule, which is below zero (-1, -2 and so on
      -- for each package, in the order in which they were given). NULL: none, or set by a release that knows of none.
      ALTER TABLE activation_canary ADD COLUMN rule_epoch INTEGER;
      """)
}
