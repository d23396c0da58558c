import WorkflowModel

/// `[permissions]` of a package.toml: what the author's code does without. A key that is missing restricts nothing.
enum PermissionTable {
  static let key = "permissions"
  private static let keys = ["network", "processes", "write", "memory"]
  /// Bytes below which no runner gets as far as mapping a library.
  private static let leastMemory = 32 << 20

  /// Reads the table of the document `toml`, which was written as `bytes`.
  ///
  /// - Throws: ``ArchiveError`` whose message begins with line and column of the mistake.
  static func read(_ toml: JSONValue, _ bytes: [UInt8]) throws(ArchiveError) -> PackagePermissions {
    guard let table = toml[key] else { return .unrestricted }
    guard let members = table.members else {
      let fault = TomlText.fault("'\(key)' must be a table: a line [\(key)], then its keys", key: key, in: bytes)
      throw ArchiveError(.authorValue, "package.toml, \(fault.sentence)")
    }
    for member in members where !keys.contains(member.name) {
      let message = "no permission is called '\(member.name)'\(Suggestion.hint(for: member.name, in: keys))"
      throw refusal(.authorUnknownKey, message, member.name, bytes)
    }
    var permissions = PackagePermissions()
    permissions.network = try flag("network", in: table, bytes)
    permissions.processes = try flag("processes", in: table, bytes)
    permissions.writing = try writing(table, bytes)
    permissions.memory = try memory(table, bytes)
    return permissions
  }

  private static func flag(_ key: String, in table: JSONValue, _ bytes: [UInt8]) throws(ArchiveError) -> Bool {
    guard let value = table[key] else { return true }
    if let flag = value.bool { return flag }
    throw refusal(.authorValue, "'\(key)' must be true or false", key, bytes)
  }

  private static func writing(_ table: JSONValue, _ bytes: [UInt8]) throws(ArchiveError) -> Bool {
    guard let value = table["write"] else { return true }
    switch value.text {
    case "anywhere": return true
    case "none": return false
    default: throw refusal(.authorValue, "'write' must be \"none\" or \"anywhere\"", "write", bytes)
    }
  }

  private static func memory(_ table: JSONValue, _ bytes: [UInt8]) throws(ArchiveError) -> Int? {
    guard let value = table["memory"] else { return nil }
    guard let count = value.text.flatMap(ByteCount.parse) else {
      throw refusal(.authorValue, "'memory' must be a size such as \"256 MiB\" or \"1 GiB\"", "memory", bytes)
    }
    guard count >= leastMemory else {
      throw refusal(.authorValue, "'memory' must be at least \(leastMemory >> 20) MiB", "memory", bytes)
    }
    return count
  }

  private static func refusal(
    _ reason: ArchiveRefusal, _ message: String, _ key: String, _ bytes: [UInt8]
  ) -> ArchiveError {
    ArchiveError(
      reason, "package.toml, \(TomlText.fault(message, key: key, ofTable: self.key, in: bytes).sentence)")
  }
}
