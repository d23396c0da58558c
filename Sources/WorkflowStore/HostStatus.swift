package import WorkflowModel

/// One loaded package version on a node: a runner process, or the package in the node's own process.
package struct HostStatus: Sendable, Equatable {
  package var package: String
  package var version: String
  package var digest: PackageDigest
  /// `runner` or `in-process`.
  package var isolation: String
  /// Nil for a package in the node's process, and while a runner is being replaced.
  package var processID: Int32?
  /// Calls served since the host was opened.
  package var calls: Int
  /// Processes that ended unexpectedly and were replaced.
  package var replacements: Int
  /// Calls that run or wait in it.
  package var inFlight = 0
  /// Bytes of its process that are in memory; nil without a process.
  package var memory: Int64?
  /// When its process was started, or the package was opened in the node's.
  package var startedAt: Timestamp = 0
  /// When its last call ended; the start when there was none.
  package var lastUsedAt: Timestamp = 0
  /// It takes no more calls and ends after those it has.
  package var isRetired = false
  /// Whether the package's permissions are enforced; nil for a package that may do everything.
  package var enforcesPermissions: Bool?

  package init(
    package: String, version: String, digest: PackageDigest, isolation: String, processID: Int32?, calls: Int,
    replacements: Int
  ) {
    self.package = package
    self.version = version
    self.digest = digest
    self.isolation = isolation
    self.processID = processID
    self.calls = calls
    self.replacements = replacements
  }

  /// Reads what ``json`` wrote; nil for anything else.
  package init?(json: JSONValue) {
    func number(_ name: String) -> Int64? { json[name]?.integer }
    func time(_ name: String) -> Timestamp? { json[name]?.text.flatMap(TimestampFormat.parse) }
    guard let package = json["package"]?.text, let version = json["version"]?.text,
      let digest = json["digest"]?.text.flatMap(PackageDigest.init(hex:)), let isolation = json["isolation"]?.text,
      let calls = number("calls"), let replacements = number("replacements"), let inFlight = number("in_flight"),
      let startedAt = time("started_at"), let lastUsedAt = time("last_used_at"), let isRetired = json["retired"]?.bool
    else { return nil }
    self.init(
      package: package, version: version, digest: digest, isolation: isolation,
      processID: number("process_id").flatMap { Int32(exactly: $0) }, calls: Int(calls),
      replacements: Int(replacements))
    (self.inFlight, memory, self.isRetired) = (Int(inFlight), number("memory_bytes"), isRetired)
    (self.startedAt, self.lastUsedAt) = (startedAt, lastUsedAt)
    enforcesPermissions = json["permissions_enforced"]?.bool
  }

  /// As a JSON object: how stores keep it and documents show it.
  package var json: JSONValue {
    .object([
      JSONMember("package", .string(package)), JSONMember("version", .string(version)),
      JSONMember("digest", .string(digest.hex)), JSONMember("isolation", .string(isolation)),
      JSONMember("process_id", processID.map { .integer($0) } ?? .null), JSONMember("calls", .integer(calls)),
      JSONMember("replacements", .integer(replacements)), JSONMember("in_flight", .integer(inFlight)),
      JSONMember("memory_bytes", memory.map { .integer($0) } ?? .null),
      JSONMember("started_at", .string(TimestampFormat.rfc3339(startedAt))),
      JSONMember("last_used_at", .string(TimestampFormat.rfc3339(lastUsedAt))),
      JSONMember("retired", .bool(isRetired)),
      JSONMember("permissions_enforced", enforcesPermissions.map(JSONValue.bool) ?? .null),
    ])
  }

  /// The hosts in a JSON array; none for anything else.
  package static func list(json: [UInt8]) -> [HostStatus] {
    ((try? JSONReader.read(json))?.elements ?? []).compactMap(HostStatus.init(json:))
  }
}

extension [HostStatus] {
  /// As a JSON array.
  package var json: JSONValue { .array(map(\.json)) }
}
