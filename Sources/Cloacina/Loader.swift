import CloacinaRuntime
import Glibc
import PackageRegistry

extension Cloacina {
  /// Reads `.cloacina` archives.
  public struct Loader: Sendable {
    let engine: Engine

    /// Reads an archive, verifies every byte of it and loads its library once to see that it is what it says. Nothing
    /// is registered by that. Blocks.
    ///
    /// - Throws: ``CloacinaError`` `.rejectedPackage` with the rule that the archive breaks, `.invalid` for a file that
    ///   cannot be read.
    public func loadWorkflowPackage(_ path: String) throws(CloacinaError) -> LoadedPackage {
      try loadWorkflowPackage(bytes: try ArchiveFile.read(path))
    }

    /// The same for an archive in memory.
    public func loadWorkflowPackage(bytes: [UInt8]) throws(CloacinaError) -> LoadedPackage {
      let package = try engine.use { runtime throws(RuntimeError) in
        try runtime.examine(archive: bytes, isolation: engine.isolation)
      }
      return LoadedPackage(engine: engine, archive: bytes, package)
    }

    /// The same as the function that blocks, without blocking the calling thread.
    public func loadWorkflowPackage(_ path: String) async throws(CloacinaError) -> LoadedPackage {
      try await Engine.run { () throws(CloacinaError) in try self.loadWorkflowPackage(path) }
    }

    /// The same as the function that blocks, without blocking the calling thread.
    public func loadWorkflowPackage(bytes: [UInt8]) async throws(CloacinaError) -> LoadedPackage {
      try await Engine.run { () throws(CloacinaError) in try self.loadWorkflowPackage(bytes: bytes) }
    }
  }
}

/// Archives on the disk.
private enum ArchiveFile {
  /// Largest file that is read, in bytes.
  private static let cap = 256 << 20

  static func read(_ path: String) throws(CloacinaError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failed(path, String(cString: strerror(errno))) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = Glibc.read(descriptor, &piece, piece.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failed(path, String(cString: strerror(errno))) }
      if count == 0 { return bytes }
      bytes += piece[..<count]
      guard bytes.count <= cap else { throw failed(path, "it is larger than \(cap >> 20) MiB") }
    }
  }

  private static func failed(_ path: String, _ reason: String) -> CloacinaError {
    CloacinaError(
      .invalid, code: "CLO-E003", "the archive '\(path)' cannot be read: \(reason)",
      fix: "check the path and its permissions")
  }
}
