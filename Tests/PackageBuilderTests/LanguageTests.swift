import CloacinaKit
import Foundation
import PackageArchive
import PackageBuilder
import Testing
import WorkflowModel

@Suite struct LanguageTests {
  /// A package with one task, without the short forms of C.
  static let plain = """
    #include <cloacina/cloacina.h>
    #define TEXT(literal) {literal, sizeof(literal) - 1}
    static cloacina_status run(cloacina_instance *instance, const cloacina_call *call) {
      (void)instance; (void)call;
      return CLOACINA_DONE;
    }
    static const cloacina_task only = {.struct_size = sizeof(cloacina_task), .flags = 0, .id = TEXT("only")};
    static const cloacina_task *const tasks[] = {&only};
    static const cloacina_workflow main_workflow = {
        .struct_size = sizeof(cloacina_workflow), .on_conflict = 0, .name = TEXT("main"), .description = {0, 0},
        .task_count = 1, .tasks = tasks};
    static const cloacina_workflow *const workflows[] = {&main_workflow};
    static const cloacina_package package = {
        .struct_size = sizeof(cloacina_package), .abi_major = CLOACINA_ABI_MAJOR, .abi_minor = CLOACINA_ABI_MINOR,
        .needs_host_minor = 0, .reserved = 0, .reserved2 = 0, .required_features = 0,
        .name = TEXT(CLOACINA_PACKAGE_NAME), .version = TEXT(CLOACINA_PACKAGE_VERSION), .description = {0, 0},
        .author = {0, 0}, .fingerprint = {0, 0}, .compiler = {0, 0}, .workflow_count = 1, .workflows = workflows,
        .open = 0, .run = run};
    const cloacina_package *cloacina_package_v1(void) { return &package; }

    """

  @Test func aPackageInCPlusPlusIsBuilt() async throws {
    let built = try await BuildFolder(["tested.cpp": LanguageTests.plain]).build()
    #expect(built.package.descriptor.workflows.map(\.name) == ["main"])
  }

  @Test func sourcesMayLieInFolders() async throws {
    let built = try await BuildFolder([
      "Sources/Package.swift.txt": "not a source",
      "Sources/Main.swift": "import CloacinaKit\nlet cloacina = Package { workflow(\"main\") { greeting } }\n",
      "Sources/Tasks/Greeting.swift": """
      import CloacinaKit
      let greeting = task("greet") { call in call.set("greeting", "hello") }

      """,
    ]).build()
    #expect(built.package.descriptor.workflows[0].tasks.map(\.id) == ["greet"])
  }

  @Test func aSwiftPMPackageExportsItself() async throws {
    let built = try await BuildFolder([
      "Package.swift": """
      // swift-tools-version:6.2
      import PackageDescription
      let package = Package(
        name: "tested",
        products: [.library(name: "tested", type: .dynamic, targets: ["Tested"])],
        dependencies: [.package(name: "cloacina", path: Context.environment["CLOACINA_SDK"] ?? "../cloacina")],
        targets: [.target(name: "Tested", dependencies: [.product(name: "CloacinaKit", package: "cloacina")])])

      """,
      "Sources/Tested/Tested.swift": """
      import CloacinaKit
      let tested = Package { workflow("main") { task("greet") { call in call.set("greeting", "hello") } } }
      private let exported = ExportedPackage(tested, PackageIdentity(name: "tested", version: "1.2.3"))
      @c(cloacina_package_v1) public func exportPackage() -> UnsafeRawPointer? { exported.package }

      """,
    ]).build()
    #expect(built.package.descriptor.workflows[0].tasks.map(\.id) == ["greet"])
    #expect(built.package.descriptor.compiler == PackageIdentity.thisCompiler)
    #expect(built.warnings == "")
  }

  @Test func anAuthorsOwnBuildIsToldWhatItNeeds() async throws {
    let built = try await BuildFolder([
      "package.toml": """
      name = "tested"
      version = "1.2.3"
      build = "make"
      library = "out/libtested.so"
      """,
      "Makefile": """
      all:
      \tmkdir -p out
      \tcc -shared -fPIC -fvisibility=hidden -I$(CLOACINA_INCLUDE) -o out/libtested.so tested.c \\
      \t  -DCLOACINA_PACKAGE_NAME='"$(CLOACINA_PACKAGE_NAME)"' -DCLOACINA_PACKAGE_VERSION='"$(CLOACINA_PACKAGE_VERSION)"'

      """,
      "tested.c": LanguageTests.plain,
    ]).build()
    #expect(built.package.descriptor.version == "1.2.3")
  }

  @Test func theDatesInAPackageDoNotChange() async throws {
    let dated = LanguageTests.plain.replacing(
      "TEXT(\"main\"), .description = {0, 0}",
      with: """
        TEXT("main"), .description = TEXT(__DATE__ " " __TIME__)
        """)
    let built = try await BuildFolder(["tested.c": dated]).build()
    #expect(built.package.descriptor.workflows[0].description == "Jan  1 1970 00:00:00")
  }

  @Test func warningsReachTheAuthor() async throws {
    let built = try await BuildFolder(["tested.c": LanguageTests.plain + "static int unused;\n"]).build()
    #expect(built.warnings.contains("tested.c:") && built.warnings.contains("unused"))
  }
}
