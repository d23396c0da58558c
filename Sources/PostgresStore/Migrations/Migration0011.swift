extension Migration {
  static let pinTimes = Migration(
    number: 11, name: "times of pins",
    sql: """
      -- When the run was given its version, if that was after its creation. NULL: then, or by a release that does not
      -- say.
      ALTER TABLE workflow_run ADD COLUMN pinned_at timestamptz;
      """)
}
