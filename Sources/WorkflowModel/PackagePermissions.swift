/// What the code of a package may do besides computing; a runner enforces it before the code is mapped.
package struct PackagePermissions: Sendable, Equatable {
  /// Sockets of any family but AF_UNIX.
  package var network = true
  /// Starting other programs.
  package var processes = true
  /// Opening files for writing, and making, renaming and removing them.
  package var writing = true
  /// Bytes of address space that the process of the package may have; nil: as many as the operator allows.
  package var memory: Int?

  package init() {}

  /// Everything is allowed: what a package has that says nothing of permissions.
  package static let unrestricted = PackagePermissions()

  package var isRestricted: Bool { self != .unrestricted }

  /// Bytes of address space that a runner is given: the smaller of the two limits; 0 stands for none.
  package func addressSpace(operatorLimit: UInt64) -> UInt64 {
    guard let memory else { return operatorLimit }
    return operatorLimit == 0 ? UInt64(memory) : min(operatorLimit, UInt64(memory))
  }
}

extension PackagePermissions {
  /// Only what is taken away, in a fixed order: how an archive says it. The same permissions give the same bytes.
  package var restrictions: JSONValue {
    var members: [JSONMember] = []
    if !network { members.append(JSONMember("network", .bool(false))) }
    if !processes { members.append(JSONMember("processes", .bool(false))) }
    if !writing { members.append(JSONMember("write", .string("none"))) }
    if let memory { members.append(JSONMember("memory", .integer(memory))) }
    return .object(members)
  }

  /// Reads ``restrictions``; what says anything else than that would is not understood.
  ///
  /// - Returns: nil for a restriction that this release does not know, or that is written otherwise.
  package init?(restrictions json: JSONValue) {
    network = json["network"] == nil
    processes = json["processes"] == nil
    writing = json["write"] == nil
    memory = json["memory"]?.integer.map { Int($0) }
    guard restrictions == json, memory.map({ $0 > 0 }) ?? true else { return nil }
  }

  /// Every permission by its name, as documents show it; `memory_bytes` is null without a limit.
  package var json: JSONValue {
    .object([
      JSONMember("network", .bool(network)), JSONMember("processes", .bool(processes)),
      JSONMember("write", .string(writing ? "anywhere" : "none")),
      JSONMember("memory_bytes", memory.map { .integer($0) } ?? .null),
    ])
  }
}

extension PackagePermissions {
  /// What a version may do that the one before might not, and the other way round.
  ///
  /// What is taken away is breaking: code that went well with it may fail without.
  static func changes(from old: PackagePermissions, to new: PackagePermissions) -> [PlanChange] {
    var changes: [PlanChange] = []
    func compare(_ name: String, _ before: Bool, _ after: Bool) {
      guard before != after else { return }
      changes.append(
        after
          ? PlanChange(.permissionAdded, to: .string(name), isBreaking: false)
          : PlanChange(.permissionRemoved, from: .string(name), isBreaking: true))
    }
    compare("network", old.network, new.network)
    compare("processes", old.processes, new.processes)
    compare("write", old.writing, new.writing)
    if old.memory != new.memory {
      let (before, after) = (old.memory ?? .max, new.memory ?? .max)
      changes.append(
        PlanChange(
          .memoryLimit, from: old.memory.map { .integer($0) } ?? .null, to: new.memory.map { .integer($0) } ?? .null,
          isBreaking: after < before))
    }
    return changes
  }
}
