import Foundation
import PackageBuilder
import Testing

@Suite struct RefusalTests {
  private let plain = LanguageTests.plain

  @Test func aFolderWithoutManifestOrSources() async throws {
    #expect(try await BuildFolder(["package.toml": ""]).failure().code == "CLO-B004")
    #expect(try await BuildFolder().failure().code == "CLO-B006")
    #expect(try await BuildFolder(["a.c": plain, "b.cpp": plain]).failure().code == "CLO-B006")
  }

  @Test func aCompilersErrorIsPassedOnWithItsPlace() async throws {
    let inC = try await BuildFolder(["tested.c": plain + "int broken(\n"]).failure()
    #expect(inC.code == "CLO-B012" && inC.message.contains("cc failed with status 1: cc "))
    #expect(inC.diagnostics.contains("tested.c:") && inC.diagnostics.contains("error:") && !inC.isRejection)

    let inSwift = try await BuildFolder(["Tested.swift": "import CloacinaKit\nlet cloacina = Pakage {}\n"]).failure()
    #expect(inSwift.code == "CLO-B012")
    #expect(inSwift.diagnostics.contains("Tested.swift:2:16: error:"))
  }

  @Test func aLibraryThatIsNotThePackageOfTheManifest() async throws {
    let other = try await BuildFolder(["tested.c": plain.replacing("CLOACINA_PACKAGE_VERSION", with: "\"9.9.9\"")])
      .failure()
    #expect(
      other.code == "CLO-B009" && other.message.contains("tested 9.9.9") && other.message.contains("tested 1.2.3"))
  }

  @Test func aGraphThatCannotRun() async throws {
    let cycle = try await BuildFolder([
      "Tested.swift": """
      import CloacinaKit
      let cloacina = Package {
        workflow("main") {
          task("a", after: "b") { _ in }
          task("b", after: "a") { _ in }
        }
      }

      """
    ]).failure()
    #expect(cycle.isRejection && cycle.code.hasPrefix("CLO-G") && cycle.message.contains("workflow 'main'"))
  }

  @Test func anAuthorsBuildThatLeavesNothingOrTooMuch() async throws {
    func build(_ command: String, library: String? = "libtested.so", source: String? = nil) async throws -> BuildError {
      let line = library.map { "library = \"\($0)\"\n" } ?? ""
      return try await BuildFolder([
        "package.toml": "name = \"tested\"\nversion = \"1.2.3\"\nbuild = '\(command)'\n\(line)",
        "tested.c": source ?? plain,
      ]).failure()
    }
    let flags = "-DCLOACINA_PACKAGE_NAME=\\\"tested\\\" -DCLOACINA_PACKAGE_VERSION=\\\"1.2.3\\\""
    let compile = "cc -shared -fPIC -I$CLOACINA_INCLUDE \(flags) -o libtested.so tested.c"
    #expect(try await build("true", library: nil).code == "CLO-B005")
    #expect(try await build("true").code == "CLO-B008")
    let failed = try await build("echo no more paper >&2; exit 7")
    #expect(failed.code == "CLO-B012" && failed.message.contains("status 7"))
    #expect(failed.diagnostics == "no more paper\n")
    #expect(try await build("kill -9 $$").message.contains("signal 9"))
    let leaky = try await build(compile, source: plain + "int helper(void) { return 1; }\nint other;\n")
    #expect(leaky.code == "CLO-B013" && leaky.message.contains("helper, other"))
  }

  @Test func aSwiftLibraryThatDoesNotNameItsCompiler() async throws {
    let silent = try await BuildFolder([
      "package.toml": """
      name = "tested"
      version = "1.2.3"
      library = "libtested.so"
      build = '''
      cc -c -fPIC -I$CLOACINA_INCLUDE -DCLOACINA_PACKAGE_NAME='"tested"' -DCLOACINA_PACKAGE_VERSION='"1.2.3"' tested.c
      swiftc -O -parse-as-library -module-name Part -emit-object -o part.o Part.swift
      swiftc -emit-library -o libtested.so part.o tested.o -Xlinker --version-script=exports.map
      '''
      """,
      "exports.map": "{ global: cloacina_package_v1; local: *; };",
      "Part.swift": "@c(part) public func part(_ n: Int) -> Int { Array(repeating: n, count: n).map { [$0] }.count }\n",
      "tested.c": plain.replacing(
        "  (void)instance;", with: "  extern long part(long); part(call->attempt); (void)instance;"),
    ]).failure()
    #expect(silent.code == "CLO-B014", "\(silent) \(silent.diagnostics)")
  }
}
