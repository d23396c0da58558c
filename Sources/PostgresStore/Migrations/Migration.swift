/// One numbered step of the schema. A step that was released is never edited: its checksum is on record.
struct Migration {
  let number: Int
  let name: String
  let sql: String

  /// Every step, in order.
  static let all = [
    runs, packages, nodes, schedules, versionLife, migratedRuns, checkedEvents, rollbackRules, nodeHosts,
    canaryRules, pinTimes, nodeCare, versionChoices,
  ]

  /// SHA-256 of the SQL text, hexadecimal.
  var checksum: String { ContentHash.hex(Array(sql.utf8)) }
}
