import Glibc

/// Where the `cloacina-runner` program is.
package enum RunnerPath {
  /// `chosen` if there is one; else beside this program, else where CLOACINA_RUNNER says.
  ///
  /// - Returns: nil when none of them can be executed.
  package static func find(chosen: String? = nil) -> String? {
    let places = chosen.map { [$0] } ?? [expected] + [CacheFolder.environment("CLOACINA_RUNNER")].compactMap { $0 }
    return places.first { access($0, X_OK) == 0 }
  }

  /// Beside this program.
  package static var expected: String {
    let bytes = [CChar](unsafeUninitializedCapacity: Int(PATH_MAX)) { buffer, count in
      count = max(0, readlink("/proc/self/exe", buffer.baseAddress!, buffer.count))
    }
    let program = String(decoding: bytes.map(UInt8.init(bitPattern:)), as: UTF8.self)
    let folder = program.lastIndex(of: "/").map { String(program[..<$0]) } ?? "."
    return "\(folder)/cloacina-runner"
  }
}
