import Glibc
import Synchronization

/// Severity of a log line, least first.
package enum LogLevel: Int, Sendable, Comparable, CaseIterable {
  case trace, debug, info, warning, error

  package static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}

/// Writes one logfmt line per event to standard error; lines under the threshold cost one comparison.
package enum Log {
  private static let threshold = Atomic<Int>(LogLevel.info.rawValue)

  /// Sets the least level that is written, for the whole process.
  package static func setThreshold(_ level: LogLevel) { threshold.store(level.rawValue, ordering: .relaxed) }

  /// Writes `message` and `fields` when `level` is at or above the threshold.
  package static func write(_ level: LogLevel, _ message: @autoclosure () -> String, _ fields: [(String, String)] = [])
  {
    guard level.rawValue >= threshold.load(ordering: .relaxed) else { return }
    var line = "time=\(timestamp()) level=\(level) msg=\(quoted(message()))"
    for (name, value) in fields { line += " \(name)=\(quoted(value))" }
    line += "\n"
    line.withUTF8 { buffer in
      var rest = UnsafeRawBufferPointer(buffer)
      while !rest.isEmpty {
        let count = Glibc.write(STDERR_FILENO, rest.baseAddress, rest.count)
        guard count > 0 else { return }
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
      }
    }
  }

  private static func timestamp() -> String {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    var parts = tm()
    gmtime_r(&now.tv_sec, &parts)
    func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let millis = now.tv_nsec / 1_000_000
    let fraction = String(repeating: "0", count: millis < 10 ? 2 : millis < 100 ? 1 : 0) + "\(millis)"
    let date = "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
    return "\(date)T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)).\(fraction)Z"
  }

  private static func quoted(_ text: String) -> String {
    let plain = text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x3D && $0 != 0x5C && $0 != 0x7F }
    if plain, !text.isEmpty { return text }
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": out += "\\\(scalar)"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      default: if scalar.value < 0x20 { out += "?" } else { out.unicodeScalars.append(scalar) }
      }
    }
    return out + "\""
  }
}
