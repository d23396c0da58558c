extension Migration {
  static let versionChoices = Migration(
    number: 13, name: "choices of versions",
    sql: """
      -- What gave the run its first version in place of the active one: 'canary', or 'request' for a run that was
      -- started on a version by name. NULL: it was the active one, or a release that does not say gave it.
      ALTER TABLE workflow_run ADD COLUMN version_choice text;
      """)
}
