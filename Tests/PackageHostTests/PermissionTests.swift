import Foundation
import Testing
import Threading
import WorkflowModel

@testable import PackageHost

/// What a package is not permitted is refused to its code by the kernel, from before it is mapped.
@Suite("Runners: permissions", .serialized)
struct PermissionTests {
  /// What each try of the package `reach` ended with: an error number, 0 when it went well.
  private struct Tries {
    private let json: JSONValue
    /// What the file holds afterwards that the package tried to cut short and to remove; nil when it is gone.
    let kept: String?

    init(_ json: JSONValue, kept: String?) { (self.json, self.kept) = (json, kept) }

    subscript(_ name: String) -> Int32 { Int32(json[name]?.integer ?? -1) }
  }

  private func tries(
    inProcess: Bool = false, _ configuration: HostConfiguration = configuration(),
    _ change: (inout PackagePermissions) -> Void = { _ in }
  ) throws -> Tries {
    let folder = FileManager.default.temporaryDirectory.path + "/cloacina-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try "kept".write(toFile: folder + "/kept", atomically: false, encoding: .utf8)
    var permissions = PackagePermissions()
    change(&permissions)
    let told = Heard()
    let host = try open(inProcess: inProcess, permissions, configuration, told)
    defer { host.close(deadline: Clock.monotonic) }
    host.submit([call(1, input: "{\"folder\":\"\(folder)\"}")])
    let output = try told.output(of: 1)
    return Tries(try JSONReader.read(output), kept: try? String(contentsOfFile: folder + "/kept", encoding: .utf8))
  }

  private func open(
    inProcess: Bool, _ permissions: PackagePermissions, _ configuration: HostConfiguration, _ told: Heard
  ) throws -> any PackageHost {
    guard inProcess else {
      return try RunnerHost.open(
        library: try library("reach"), digest: anyDigest, permissions: permissions, configuration: configuration,
        reactor: reactor, sink: told.sink)
    }
    return try InProcessHost.open(
      library: try library("reach"), digest: anyDigest, permissions: permissions, configuration: configuration,
      images: ImageTable(), sink: told.sink)
  }

  @Test("without restrictions everything goes well")
  func unrestricted() throws {
    let tries = try tries()
    for name in [
      "initialiser", "tcp", "netlink", "local", "spawn", "by_descriptor", "allocate", "make_file", "make_folder",
      "read_file", "cut_file", "cut_by_path", "remove_file",
    ] { #expect(tries[name] == 0, "\(name)") }
    #expect(tries.kept == nil)
  }

  @Test("without the network there are only local sockets, by whatever call and already for initialisers")
  func network() throws {
    let tries = try tries { $0.network = false }
    for name in ["initialiser", "tcp", "netlink"] { #expect(tries[name] == EACCES, "\(name)") }
    #expect(tries["local"] == 0 && tries["ring"] == EPERM)
    #expect(tries["tcp_of_i386"] == ENOSYS && tries["tcp_of_x32"] == ENOSYS)
    #expect(tries["spawn"] == 0 && tries["by_descriptor"] == 0 && tries["make_file"] == 0 && tries["allocate"] == 0)
    #expect(tries.kept == nil)
  }

  @Test("without processes no other program starts, in a child neither")
  func processes() throws {
    let tries = try tries { $0.processes = false }
    #expect(tries["spawn"] == EPERM && tries["by_descriptor"] == EPERM)
    #expect(tries["tcp"] == 0 && tries["allocate"] == 0 && tries["make_file"] == 0)
  }

  @Test("without writing, files are read and nothing else")
  func writing() throws {
    let tries = try tries { $0.writing = false }
    for name in ["make_file", "make_folder", "cut_file", "cut_by_path", "remove_file"] {
      #expect(tries[name] == EACCES, "\(name)")
    }
    #expect(tries["read_file"] == 0 && tries.kept == "kept")
    #expect(tries["tcp"] == 0 && tries["spawn"] == 0 && tries["allocate"] == 0)
  }

  @Test("more memory than is permitted is not given; the smaller of the two limits counts")
  func memory() throws {
    #expect(try tries { $0.memory = 512 << 20 }["allocate"] == ENOMEM)
    #expect(try tries { $0.memory = 8 << 30 }["allocate"] == 0)
    let small = configuration { $0.addressSpaceLimit = 512 << 20 }
    #expect(try tries(small) { $0.memory = 8 << 30 }["allocate"] == ENOMEM)
    #expect(try tries { $0.memory = 512 << 20 }["tcp"] == 0, "nothing else is refused for that")
  }

  @Test("everything at once; the least memory that a package may ask for is enough for a small one")
  func everything() throws {
    let tries = try tries { ($0.network, $0.processes, $0.writing, $0.memory) = (false, false, false, 32 << 20) }
    #expect(tries["tcp"] == EACCES && tries["spawn"] == EPERM && tries["allocate"] == ENOMEM)
    #expect(tries["make_file"] == EACCES && tries["local"] == 0 && tries.kept == "kept")
  }

  @Test("a runner that takes the place of a dead one is held to the same")
  func replacement() throws {
    var permissions = PackagePermissions()
    permissions.processes = false
    let told = Heard()
    let host = try RunnerHost.open(
      library: try library("mixed"), digest: anyDigest, permissions: permissions, configuration: configuration(),
      reactor: reactor, sink: told.sink)
    defer { host.close(deadline: Clock.monotonic) }
    host.submit([call(1, task: Mixed.segfault)])
    #expect(try told.failure(of: 1).errorClass == .crash)
    host.submit([call(2, task: Mixed.become)])
    #expect(try told.failure(of: 2).errorClass == .permanent, "it could not become another program, and lives on")
    #expect(host.load.enforcesPermissions == true)
  }

  @Test("in process nothing is refused, and it is said that nothing is")
  func inProcess() throws {
    #expect(try tries(inProcess: true) { $0.network = false }["tcp"] == 0)
    var permissions = PackagePermissions()
    permissions.network = false
    let host = try open(inProcess: true, permissions, configuration(), Heard())
    defer { host.close(deadline: Clock.monotonic) }
    #expect(host.load.enforcesPermissions == false)
    let free = try open(inProcess: false, .unrestricted, configuration(), Heard())
    defer { free.close(deadline: Clock.monotonic) }
    #expect(free.load.enforcesPermissions == nil)
  }

  @Test("where the kernel cannot enforce it the package is not loaded, and not to blame", arguments: [true, false])
  func unableKernel(writing: Bool) throws {
    let unable = try UnableKernel()
    var permissions = PackagePermissions()
    (permissions.network, permissions.writing) = (false, writing)
    let error = #expect(throws: HostError.self) {
      try open(inProcess: false, permissions, configuration { $0.runnerPath = unable.runner }, Heard())
    }
    #expect(error?.code == "CLO-P114" && error?.isInfrastructure == true, "\(String(describing: error))")
    let call = writing ? "seccomp" : "landlock_create_ruleset"
    #expect(error?.message.contains(call) == true, "\(String(describing: error))")
    let free = try open(inProcess: false, .unrestricted, configuration { $0.runnerPath = unable.runner }, Heard())
    free.close(deadline: Clock.monotonic)
  }
}

/// A program that becomes `cloacina-runner` where neither seccomp nor Landlock is to be had.
private final class UnableKernel {
  private let folder = FileManager.default.temporaryDirectory.path + "/cloacina-\(UUID().uuidString)"
  var runner: String { folder + "/runner" }

  init() throws {
    let source = """
      #include <errno.h>
      #include <seccomp.h>
      #include <unistd.h>
      int main(int count, char **arguments) {
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
        static const int refused[] = {SCMP_SYS(seccomp), SCMP_SYS(landlock_create_ruleset)};
        for (int index = 0; index < 2; index++)
          if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), refused[index], 0) != 0) return 1;
        if (seccomp_load(filter) != 0) return 2;
        execv("\(runnerPath)", arguments);
        return count;
      }
      """
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try source.write(toFile: folder + "/runner.c", atomically: false, encoding: .utf8)
    let compiler = try Process.run(
      URL(fileURLWithPath: "/usr/bin/env"), arguments: ["cc", "-o", runner, "\(folder)/runner.c", "-lseccomp"])
    compiler.waitUntilExit()
    try #require(compiler.terminationStatus == 0)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }
}
