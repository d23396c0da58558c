import Glibc

/// The Swift compiler this program was built with, and where its runtime lies.
package enum SwiftToolchain {
  /// `swift-6.3.1`: packages on the shared runtime must name the same, for Swift has no stable ABI on Linux.
  package static let compiler: String = {
    #if compiler(>=6.5)
      "swift-6.5"
    #elseif compiler(>=6.4)
      "swift-6.4"
    #elseif compiler(>=6.3.3)
      "swift-6.3.3"
    #elseif compiler(>=6.3.2)
      "swift-6.3.2"
    #elseif compiler(>=6.3.1)
      "swift-6.3.1"
    #elseif compiler(>=6.3)
      "swift-6.3"
    #else
      "swift-6.2"
    #endif
  }()

  /// The folder of the runtime libraries mapped into this process; nil when they are linked in.
  static let runtimeFolder: String? = {
    guard let maps = fopen("/proc/self/maps", "r") else { return nil }
    defer { fclose(maps) }
    var buffer = [CChar](repeating: 0, count: 4096)
    while fgets(&buffer, Int32(buffer.count), maps) != nil {
      let line = String(decoding: buffer.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      guard line.hasSuffix("/libswiftCore.so"), let start = line.firstIndex(of: "/") else { continue }
      return String(line[start...].dropLast("/libswiftCore.so".count))
    }
    return nil
  }()
}
