extension PackagePlan {
  /// Differences of the packages as wholes: everything but their workflows.
  static func sideChanges(_ old: PlanSide, _ new: PlanSide) -> [PlanChange] {
    let (before, after) = (old.descriptor, new.descriptor)
    var changes: [PlanChange] = []
    func compare(_ kind: PlanChange.Kind, _ from: JSONValue, _ to: JSONValue, isBreaking: Bool = false) {
      if from != to { changes.append(PlanChange(kind, from: from, to: to, isBreaking: isBreaking)) }
    }
    compare(.description, .string(before.description), .string(after.description))
    compare(.author, .string(before.author), .string(after.author))
    compare(.compiler, .string(before.compiler), .string(after.compiler))
    compare(.fingerprint, .string(before.fingerprint), .string(after.fingerprint))
    compare(.abi, .string(abi(before)), .string(abi(after)), isBreaking: before.abiMajor != after.abiMajor)
    compare(.hostABI, .integer(before.needsHostMinor), .integer(after.needsHostMinor))
    // In the engine's own process a crash of the package ends the engine.
    compare(.isolation, .string(old.isolation), .string(new.isolation), isBreaking: new.isolation == "in-process")
    compare(
      .targets, texts(old.targets), texts(new.targets), isBreaking: !Set(old.targets).isSubset(of: new.targets))
    compare(.size, .integer(old.archiveBytes), .integer(new.archiveBytes))
    return changes + exportChanges(Set(old.exports), Set(new.exports))
      + PackagePermissions.changes(from: old.permissions, to: new.permissions)
  }

  private static func exportChanges(_ old: Set<String>, _ new: Set<String>) -> [PlanChange] {
    // The engine calls one function only, but other programs may read the library too.
    old.subtracting(new).sorted().map { PlanChange(.exportRemoved, from: .string($0), isBreaking: true) }
      + new.subtracting(old).sorted().map { PlanChange(.exportAdded, to: .string($0), isBreaking: false) }
  }

  private static func abi(_ descriptor: PackageDescriptor) -> String {
    "\(descriptor.abiMajor).\(descriptor.abiMinor)"
  }

  private static func texts(_ texts: [String]) -> JSONValue { .array(texts.sorted().map(JSONValue.string)) }
}
