import Testing

@testable import WorkflowModel

@Suite struct PackagePermissionsTests {
  private static func permissions(_ change: (inout PackagePermissions) -> Void) -> PackagePermissions {
    var permissions = PackagePermissions()
    change(&permissions)
    return permissions
  }

  private static let nothing = permissions {
    ($0.network, $0.processes, $0.writing, $0.memory) = (false, false, false, 1 << 28)
  }

  /// Every combination of the four, with three limits of memory.
  private static let all: [PackagePermissions] = (0..<8).flatMap { bits in
    [nil, 1, 1 << 40].map { memory in
      permissions {
        ($0.network, $0.processes, $0.writing) = (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0)
        $0.memory = memory
      }
    }
  }

  @Test func onlyRestrictionsAreWrittenAndTheyComeBack() {
    #expect(PackagePermissions.unrestricted.restrictions.json == "{}")
    #expect(
      Self.nothing.restrictions.json == #"{"network":false,"processes":false,"write":"none","memory":268435456}"#)
    for permissions in Self.all {
      #expect(PackagePermissions(restrictions: permissions.restrictions) == permissions)
      #expect(permissions.isRestricted == (permissions.restrictions.json != "{}"))
    }
  }

  @Test(arguments: [
    "[]", "null", #"{"network":true}"#, #"{"network":"no"}"#, #"{"write":"anywhere"}"#, #"{"write":"tmp"}"#,
    #"{"memory":0}"#, #"{"memory":-1}"#, #"{"memory":1.5}"#, #"{"memory":"1 GiB"}"#, #"{"clock":false}"#,
    #"{"processes":false,"network":false}"#, #"{"network":false,"clock":false}"#,
  ])
  func whatIsNotUnderstoodIsNoPermission(_ json: String) throws {
    #expect(PackagePermissions(restrictions: try JSONReader.read(json)) == nil)
  }

  @Test func documentsNameEveryPermission() {
    #expect(
      PackagePermissions.unrestricted.json.json
        == #"{"network":true,"processes":true,"write":"anywhere","memory_bytes":null}"#)
    #expect(
      Self.nothing.json.json == #"{"network":false,"processes":false,"write":"none","memory_bytes":268435456}"#)
  }

  @Test func theSmallerLimitOfMemoryWins() {
    let half = Self.permissions { $0.memory = 512 }
    #expect(half.addressSpace(operatorLimit: 0) == 512)
    #expect(half.addressSpace(operatorLimit: 1024) == 512)
    #expect(half.addressSpace(operatorLimit: 256) == 256)
    #expect(PackagePermissions.unrestricted.addressSpace(operatorLimit: 0) == 0)
    #expect(PackagePermissions.unrestricted.addressSpace(operatorLimit: 256) == 256)
  }

  // MARK: Changes

  private func words(_ changes: [PlanChange]) -> [String] {
    changes.map { "\($0.kind.rawValue) \($0.old.json) \($0.new.json) \($0.isBreaking ? "breaking" : "")" }
  }

  @Test func eachPermissionIsAChangeOfItsOwn() {
    #expect(
      words(PackagePermissions.changes(from: .unrestricted, to: Self.nothing)) == [
        #"permission_removed "network" null breaking"#, #"permission_removed "processes" null breaking"#,
        #"permission_removed "write" null breaking"#, "memory_limit null 268435456 breaking",
      ])
    #expect(
      words(PackagePermissions.changes(from: Self.nothing, to: .unrestricted)) == [
        #"permission_added null "network" "#, #"permission_added null "processes" "#,
        #"permission_added null "write" "#, "memory_limit 268435456 null ",
      ])
  }

  @Test func whatIsTakenAwayBreaksAndWhatIsGrantedDoesNot() {
    for old in Self.all {
      for new in Self.all {
        let changes = PackagePermissions.changes(from: old, to: new)
        #expect(changes.isEmpty == (old == new))
        let isLess =
          (old.network && !new.network) || (old.processes && !new.processes) || (old.writing && !new.writing)
          || (new.memory ?? .max) < (old.memory ?? .max)
        #expect(changes.contains(where: \.isBreaking) == isLess, "\(old) → \(new)")
      }
    }
  }

  @Test func aPlanComparesThem() {
    func side(_ version: String, _ letter: Character, _ permissions: PackagePermissions) -> PlanSide {
      var side = PlanSide(
        descriptor: PackageDescriptor(name: "p", version: version, workflows: []),
        digest: PackageDigest(hex: String(repeating: letter, count: 64))!, archiveBytes: 1, isolation: "runner",
        targets: [], exports: [])
      side.permissions = permissions
      return side
    }
    let offline = Self.permissions { $0.network = false }
    let less = PackagePlan(
      from: side("1.0.0", "a", .unrestricted), to: side("1.1.0", "b", offline), known: [], schedules: [])
    #expect(less.changes.map(\.kind) == [.permissionRemoved] && !less.isCompatible)
    let more = PackagePlan(
      from: side("1.0.0", "a", offline), to: side("1.1.0", "b", .unrestricted), known: [], schedules: [])
    #expect(more.changes.map(\.kind) == [.permissionAdded] && more.isCompatible)
    let new = PackagePlan(from: nil, to: side("1.0.0", "a", offline), known: [], schedules: [])
    #expect(new.changes.isEmpty, "there is nothing to compare with")
  }

  // MARK: Sizes

  @Test func sizesAreWholeNumbersOfAUnit() {
    #expect(ByteCount.parse("256 MiB") == 256 << 20 && ByteCount.parse("2GiB") == 2 << 30)
    #expect(ByteCount.parse("64 KiB") == 64 << 10 && ByteCount.parse("0 KiB") == 0)
    for text in ["", "MiB", " MiB", "256", "256 MB", "1.5 GiB", "-1 MiB", "+1 MiB", "1  MiB", "1 mib", "9e9 GiB"] {
      #expect(ByteCount.parse(text) == nil, "\(text)")
    }
    #expect(ByteCount.parse("99999999999999 GiB") == nil && ByteCount.parse("99999999999999999999 KiB") == nil)
  }
}
