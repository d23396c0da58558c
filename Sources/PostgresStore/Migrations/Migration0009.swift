extension Migration {
  static let nodeHosts = Migration(
    number: 9, name: "hosts of nodes",
    sql: """
      -- The packages a node has loaded, as a JSON array; NULL from a release that does not say.
      ALTER TABLE node ADD COLUMN hosts json;
      """)
}
