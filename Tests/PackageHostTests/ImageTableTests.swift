import Foundation
import Testing
import Threading
import WorkflowModel

@testable import PackageHost

@Suite("In process: libraries are mapped once, for good, and not without limit", .serialized)
struct ImageTableTests {
  /// A digest that nobody else uses.
  private func newDigest() -> PackageDigest {
    let digits = UUID().uuidString.lowercased().filter { $0 != "-" }
    return PackageDigest(hex: digits + digits)!
  }

  private func open(
    _ name: String, _ digest: PackageDigest, in images: ImageTable, limit: Int, _ told: Heard = Heard()
  ) throws -> InProcessHost {
    try InProcessHost.open(
      library: try library(name), digest: digest, configuration: configuration { $0.imageLimit = limit },
      images: images, sink: told.sink)
  }

  /// Executable mappings of the library in this process.
  private func mappings(of digest: PackageDigest) throws -> Int {
    // In pieces until the end: the kernel does not say how long the file is.
    let file = try #require(fopen("/proc/self/maps", "r"))
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
    let maps = String(decoding: bytes, as: UTF8.self)
    return maps.split(separator: "\n").count { $0.contains("cloacina-\(digest.short)") && $0.contains(" r-xp ") }
  }

  @Test("closing keeps the image, opening the same digest again uses it")
  func reuse() throws {
    let images = ImageTable()
    let digest = newDigest()
    for round in UInt64(1)...3 {
      let told = Heard()
      let host = try open("well_behaved", digest, in: images, limit: 1, told)
      host.submit([call(round, task: Well.echo, input: "{\"round\":\(round)}")])
      #expect(try told.output(of: round).contains("\(round)"))
      host.close(deadline: Clock.monotonic + 60_000_000_000)
      #expect(try mappings(of: digest) == 1)
      #expect(images.use(limit: 1) == ImageUse(count: 1, bytes: try library("well_behaved").count, limit: 1))
    }
  }

  @Test("above the limit another library is refused, and one that is mapped is not")
  func limit() throws {
    let images = ImageTable()
    let (first, second) = (newDigest(), newDigest())
    try open("well_behaved", first, in: images, limit: 1).close(deadline: Clock.monotonic)
    let error = #expect(throws: HostError.self) { try open("mixed", second, in: images, limit: 1) }
    #expect(error?.code == "CLO-P100" && error?.isInfrastructure == true)
    #expect(error?.message.contains("runner isolation") == true, "it says what to do: \(error?.message ?? "")")
    #expect(try mappings(of: second) == 0)
    try open("well_behaved", first, in: images, limit: 1).close(deadline: Clock.monotonic)
    try open("mixed", second, in: images, limit: 2).close(deadline: Clock.monotonic)
    #expect(images.use(limit: 2).count == 2)
  }

  @Test("two hosts of one digest share the image, which lives until the second is closed")
  func shared() throws {
    let images = ImageTable()
    let digest = newDigest()
    let told = Heard()
    let first = try open("well_behaved", digest, in: images, limit: 1)
    let second = try open("well_behaved", digest, in: images, limit: 1, told)
    #expect(try mappings(of: digest) == 1)
    first.close(deadline: Clock.monotonic)
    second.submit([call(1, task: Well.echo)])
    _ = try told.output(of: 1)
    second.close(deadline: Clock.monotonic)
  }

  @Test("what is refused after it was mapped counts once, and is not mapped again")
  func refused() throws {
    let images = ImageTable()
    let digest = newDigest()
    for _ in 1...3 {
      let error = #expect(throws: HostError.self) { try open("null_package", digest, in: images, limit: 4) }
      #expect(error?.code == "CLO-P011")
      #expect(images.use(limit: 4).count == 1)
      #expect(try mappings(of: digest) == 1)
    }
  }

  @Test("what is refused before it is mapped does not count")
  func notMapped() throws {
    let images = ImageTable()
    for _ in 1...2 {
      #expect(throws: HostError.self) { try open("no_entry_point", newDigest(), in: images, limit: 1) }
    }
    #expect(images.use(limit: 1).count == 0)
  }

  @Test("a package that could not open may be opened later")
  func failsToOpen() throws {
    let images = ImageTable()
    let digest = newDigest()
    for _ in 1...2 {
      let error = #expect(throws: HostError.self) { try open("fails_to_open", digest, in: images, limit: 1) }
      #expect(error?.code == "CLO-P028")
    }
    #expect(images.use(limit: 1).count == 1)
  }
}
