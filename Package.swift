// swift-tools-version:6.2
import PackageDescription

/// One way of compiling for every Swift target: strict, explicit, and without invisible re-exports.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
  name: "cloacina",
  products: [
    .executable(name: "cloacina-ctl", targets: ["cloacina-ctl"]),
    .executable(name: "cloacina-runner", targets: ["cloacina-runner"]),
    .library(name: "Cloacina", targets: ["Cloacina"]),
    .library(name: "CloacinaKit", targets: ["CloacinaKit"]),
  ],
  targets: [
    // MARK: Floor 0: C
    .target(
      name: "CloacinaABI", path: "ABI", exclude: ["README.md", "CHANGELOG.md"], sources: ["layout.c"],
      publicHeadersPath: "include"),
    .target(name: "CPackageImage", dependencies: ["CloacinaABI"], cSettings: [.define("_GNU_SOURCE")]),
    .target(name: "CLinux", cSettings: [.define("_GNU_SOURCE")]),
    .target(name: "CToml"),
    .target(
      name: "CInputSchema",
      // Without it the library ends the process where it finds a fault of its own.
      cxxSettings: [.define("VALIJSON_USE_EXCEPTIONS", to: "1")], linkerSettings: [.linkedLibrary("re2")]),
    .systemLibrary(name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CSeccomp", pkgConfig: "libseccomp", providers: [.apt(["libseccomp-dev"])]),
    .executableTarget(
      name: "cloacina-runner", dependencies: ["CPackageImage", "CSeccomp"], cSettings: [.define("_GNU_SOURCE")]),

    // MARK: Floor 1: values, rules, threads
    .target(name: "WorkflowModel"),
    .target(name: "Telemetry"),
    .target(name: "Threading", dependencies: ["CLinux"]),

    // MARK: Floor 2
    .target(name: "PackageArchive", dependencies: ["WorkflowModel", "CArchive", "CToml", "CCrypto", "CPackageImage"]),
    .target(
      name: "PackageHost",
      dependencies: ["WorkflowModel", "Telemetry", "Threading", "CPackageImage", "CLinux", "CloacinaABI"]),
    .target(name: "WorkflowStore", dependencies: ["WorkflowModel", "Telemetry", "Threading"]),
    .target(name: "InputSchemas", dependencies: ["WorkflowModel", "CInputSchema"]),
    .target(name: "CloacinaKit", dependencies: ["CloacinaABI"]),

    // MARK: Floor 3
    .target(name: "SQLiteStore", dependencies: ["WorkflowStore", "WorkflowModel", "Telemetry", "CSQLite", "CCrypto"]),
    .target(
      name: "PostgresStore",
      dependencies: ["WorkflowStore", "WorkflowModel", "Telemetry", "Threading", "CLinux", "CPostgres", "CCrypto"]),
    .target(
      name: "PackageRegistry",
      dependencies: [
        "PackageArchive", "PackageHost", "InputSchemas", "WorkflowStore", "WorkflowModel", "Telemetry", "Threading",
      ]),
    .target(
      name: "PackageBuilder",
      dependencies: ["PackageArchive", "PackageHost", "InputSchemas", "WorkflowModel", "Threading", "CLinux"]),
    .target(name: "Scheduler", dependencies: ["WorkflowStore", "WorkflowModel", "Telemetry", "Threading"]),
    .target(name: "Executor", dependencies: ["PackageHost", "WorkflowModel", "Telemetry", "Threading"]),

    // MARK: Floor 4
    .target(
      name: "CloacinaRuntime",
      dependencies: [
        "PackageRegistry", "Scheduler", "Executor", "SQLiteStore", "PostgresStore", "PackageArchive", "PackageHost",
        "WorkflowStore",
        "WorkflowModel", "Telemetry", "Threading",
      ]),

    // MARK: Floor 5
    .target(
      name: "RuntimeAPI",
      dependencies: [
        "CloacinaRuntime", "PackageHost", "WorkflowStore", "WorkflowModel", "Telemetry", "Threading", "CLinux",
      ]),
    .target(name: "CommandLineInterface", dependencies: ["WorkflowModel", "Telemetry"]),
    .target(
      name: "Cloacina",
      dependencies: [
        "CloacinaRuntime", "PackageRegistry", "PackageHost", "WorkflowStore", "WorkflowModel", "Telemetry", "Threading",
      ]),

    // MARK: Floor 6
    .executableTarget(
      name: "cloacina-ctl",
      dependencies: [
        "CommandLineInterface", "RuntimeAPI", "CloacinaRuntime", "PackageBuilder", "PackageArchive", "PackageHost",
        "WorkflowStore", "WorkflowModel", "Telemetry", "Threading", "CToml",
      ]),
    .executableTarget(
      name: "cloacina-bench",
      dependencies: [
        "RuntimeAPI", "CloacinaRuntime", "PostgresStore", "PackageArchive", "PackageHost", "WorkflowStore",
        "WorkflowModel", "Threading", "CLinux", "CPostgres", "CSQLite", "CPackageImage",
      ],
      path: "Benchmarks/cloacina-bench"),
    .executableTarget(
      name: "embedding-example", dependencies: ["Cloacina"], path: "Examples/Embedding/Sources/embedding-example"),

    // MARK: Tests
    .target(
      name: "StoreConformance", dependencies: ["WorkflowStore", "WorkflowModel"], path: "Tests/StoreConformance"),
    .testTarget(name: "WorkflowModelTests", dependencies: ["WorkflowModel"]),
    .testTarget(name: "InputSchemasTests", dependencies: ["InputSchemas", "WorkflowModel"]),
    .testTarget(name: "ThreadingTests", dependencies: ["Threading"]),
    .testTarget(
      name: "WorkflowStoreTests", dependencies: ["StoreConformance", "WorkflowStore", "WorkflowModel", "Threading"]),
    .testTarget(name: "PackageArchiveTests", dependencies: ["PackageArchive", "WorkflowModel", "CArchive"]),
    .testTarget(
      name: "PackageHostTests",
      dependencies: ["PackageHost", "WorkflowModel", "Threading", "CLinux", "CPackageImage", "cloacina-runner"]),
    .testTarget(
      name: "SQLiteStoreTests",
      dependencies: ["SQLiteStore", "StoreConformance", "WorkflowStore", "WorkflowModel", "CSQLite"]),
    .testTarget(
      name: "PostgresStoreTests",
      dependencies: ["PostgresStore", "StoreConformance", "WorkflowStore", "WorkflowModel", "Threading", "CPostgres"]),
    .testTarget(
      name: "SchedulerTests",
      dependencies: ["Scheduler", "SQLiteStore", "StoreConformance", "WorkflowStore", "WorkflowModel", "Threading"]),
    .testTarget(
      name: "PackageRegistryTests",
      dependencies: [
        "PackageRegistry", "StoreConformance", "PackageArchive", "PackageHost", "Executor", "WorkflowStore",
        "WorkflowModel", "Threading", "CLinux", "cloacina-runner",
      ]),
    .testTarget(name: "ExecutorTests", dependencies: ["Executor", "PackageHost", "WorkflowModel"]),
    .testTarget(name: "CloacinaKitTests", dependencies: ["CloacinaKit", "CloacinaABI"]),
    .testTarget(
      name: "PackageBuilderTests",
      dependencies: ["PackageBuilder", "PackageArchive", "PackageHost", "CloacinaKit", "WorkflowModel"]),
    .testTarget(
      name: "CloacinaRuntimeTests",
      dependencies: [
        "CloacinaRuntime", "PackageRegistry", "SQLiteStore", "StoreConformance", "Scheduler", "PackageHost",
        "WorkflowStore", "WorkflowModel", "Threading",
      ]),
    .testTarget(
      name: "RuntimeAPITests",
      dependencies: [
        "RuntimeAPI", "CloacinaRuntime", "WorkflowStore", "PackageHost", "WorkflowModel", "Telemetry", "Threading",
      ]),
    .testTarget(
      name: "CloacinaTests",
      dependencies: [
        "Cloacina", "CloacinaRuntime", "PackageBuilder", "PackageHost", "Threading", "WorkflowModel", "cloacina-runner",
      ]),
    .testTarget(name: "CommandLineInterfaceTests", dependencies: ["CommandLineInterface", "WorkflowModel"]),
    .testTarget(name: "EndToEndTests", dependencies: ["WorkflowModel"]),
  ],
  cLanguageStandard: .c17,
  cxxLanguageStandard: .cxx17
)

for target in package.targets where ![.system, .plugin, .binary].contains(target.type) {
  target.swiftSettings = (target.swiftSettings ?? []) + strict
}
