import Foundation
import PackageHost
import Testing

@testable import CloacinaRuntime

@Suite struct DatabaseTextTests {
  @Test(arguments: [
    ("postgres://ada:geheim@db:5432/flows", "postgres://ada:***@db:5432/flows"),
    ("postgresql://ada:geheim@db/flows?sslmode=require", "postgresql://ada:***@db/flows?sslmode=require"),
    ("postgres://ada@db/flows", "postgres://ada@db/flows"), ("postgres://db:5432/flows", "postgres://db:5432/flows"),
    ("postgres://db/flows?user=ada&password=geheim&a=b", "postgres://db/flows?user=ada&password=***&a=b"),
    ("postgres://db/flows?pass%77ord=geheim", "postgres://db/flows?pass%77ord=***"),
    ("postgres://db/flows?sslpassword=geheim&password", "postgres://db/flows?sslpassword=***&password"),
    ("host=db dbname=flows password=geheim user=ada", "host=db dbname=flows password=*** user=ada"),
    ("host=db password = 'ge\\'he im' user=ada", "host=db password = *** user=ada"),
    ("host=db PASSWORD=geheim", "host=db PASSWORD=***"),
    ("host=db password=ge\\ heim port=1", "host=db password=*** port=1"),
    ("sqlite:flows.db", "sqlite:flows.db"), ("sqlite:///a:b@c", "sqlite:///a:b@c"), ("flows", "flows"),
  ]) func aPasswordIsReplacedAndNothingElse(_ text: String, _ shown: String) {
    #expect(DatabaseText.masked(text) == shown)
  }

  /// Text that breaks the rules may lose more than its password, but never keeps a part of it.
  @Test(arguments: [
    "postgres://ada:ge@heim@db/flows", "postgres://ada:ge/heim@db/flows", "postgres://ada:ge?heim@db/flows",
    "postgres://ada:ge:heim@db", "postgres:/ada:geheim@db/flows", "ada:geheim@db", "mysql://ada:geheim@db/flows",
    "postgres://db/flows?password=ge@heim", "postgres://db/flows?password=ge:h@eim", "host=db password='geheim",
    "host=db password=ge:heim@x", "POSTGRES://ada:geheim@db", "password=geheim",
  ]) func noPartOfAPasswordIsShown(_ text: String) {
    let shown = DatabaseText.masked(text)
    #expect(!shown.contains("ge") && !shown.contains("heim") && !shown.contains("eim"), "\(shown)")
    #expect(shown.contains("***"))
  }

  @Test func aRefusedURLIsShownWithoutItsPassword() {
    let configuration = RuntimeConfiguration(
      databaseURL: "mysql://ada:geheim@db/flows", host: HostConfiguration(runnerPath: ""))
    let error = #expect(throws: RuntimeError.self) { try Runtime.open(configuration) }
    #expect(error?.code == "CLO-R002")
    #expect(error?.message.contains("mysql://ada:***@db/flows") == true)
  }
}

@Suite struct CacheFolderTests {
  private func standard(_ url: String, _ environment: [String: String]) throws -> String {
    try CacheFolder.standard(database: url, environment: { environment[$0] })
  }

  @Test func theUsersCacheIsUsedWhereverItIs() throws {
    let url = "postgres://ada:geheim@db/flows"
    let home = try standard(url, ["HOME": "/home/ada"])
    #expect(home.hasPrefix("/home/ada/.cache/cloacina/"))
    #expect(home.split(separator: "/").last?.count == 16)
    let cache = try standard(url, ["HOME": "/home/ada", "XDG_CACHE_HOME": "/cache"])
    #expect(cache.hasPrefix("/cache/cloacina/"))
    #expect(try standard(url, ["HOME": "/home/ada", "XDG_CACHE_HOME": "relative"]) == home)
  }

  @Test func aNewPasswordIsTheSameDatabaseAndAnotherHostIsNot() throws {
    let environment = ["HOME": "/home/ada"]
    let first = try standard("postgres://ada:old@db/flows", environment)
    #expect(try standard("postgres://ada:new@db/flows", environment) == first)
    #expect(try standard("postgres://ada:old@other/flows", environment) != first)
  }

  @Test func withoutAHomeThereIsNoCache() {
    let error = #expect(throws: RuntimeError.self) { try standard("postgres://db/flows", [:]) }
    #expect(error?.code == "CLO-R011")
  }

  @Test func foldersAreMadeForTheirOwnerAlone() throws {
    let root = NSTemporaryDirectory() + "cloacina-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: root) }
    try CacheFolder.make(root + "/a/b")
    try CacheFolder.make(root + "/a/b")
    for path in [root, root + "/a", root + "/a/b"] {
      #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o700, "\(path)")
    }
    try Data().write(to: URL(fileURLWithPath: root + "/file"))
    let error = #expect(throws: RuntimeError.self) { try CacheFolder.make(root + "/file/c") }
    #expect(error?.code == "CLO-R012")
  }
}
