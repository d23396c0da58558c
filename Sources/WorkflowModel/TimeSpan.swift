/// Lengths of time as people read them.
package enum TimeSpan {
  /// `58 ms`, `4.1 s`, `2 m 3 s`, `1 h 2 m`, `3 d 4 h`
  package static func words(_ milliseconds: Int64) -> String {
    switch milliseconds {
    case ..<1000: "\(milliseconds) ms"
    case ..<60_000: "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s"
    case ..<3_600_000: "\(milliseconds / 60_000) m \(milliseconds / 1000 % 60) s"
    case ..<86_400_000: "\(milliseconds / 3_600_000) h \(milliseconds / 60_000 % 60) m"
    default: "\(milliseconds / 86_400_000) d \(milliseconds / 3_600_000 % 24) h"
    }
  }
}
