extension Migration {
  static let nodeCare = Migration(
    number: 10, name: "care and libraries of nodes",
    sql: """
      -- How a node takes care of its hosts, and how many libraries it has mapped of how many it may: JSON objects; NULL
      -- from a release that does not say.
      ALTER TABLE node ADD COLUMN care TEXT;
      ALTER TABLE node ADD COLUMN images TEXT;
      """)
}
