import CCrypto

/// One numbered step of the schema. A step that was released is never edited: its checksum is on record.
struct Migration {
  let number: Int
  let name: String
  let sql: String

  /// Every step, in order.
  static let all = [
    initialTables, manyNodes, schedules, versionLife, migratedRuns, rollbackRules, nodeHosts, canaryRules,
    pinTimes, nodeCare, versionChoices,
  ]

  /// SHA-256 of the SQL text, hexadecimal.
  var checksum: String {
    var text = sql
    var digest = [UInt8](repeating: 0, count: 32)
    let code = text.withUTF8 { EVP_Digest($0.baseAddress, $0.count, &digest, nil, EVP_sha256(), nil) }
    precondition(code == 1, "libcrypto cannot compute SHA-256: check its installation")
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
