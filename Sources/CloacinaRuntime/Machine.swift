import Glibc

/// What this machine and process are called.
package enum Machine {
  /// The host's name, `localhost` when it has none.
  package static var name: String {
    var buffer = [CChar](repeating: 0, count: 256)
    let code = gethostname(&buffer, buffer.count - 1)
    let text = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    return code == 0 && !text.isEmpty ? text : "localhost"
  }

  static var processID: Int { Int(getpid()) }
}
