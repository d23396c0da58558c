import Glibc
import Threading
import WorkflowModel

/// Durations in nanoseconds and what they amount to.
struct Figures {
  private var samples: [UInt64] = []

  var count: Int { samples.count }

  mutating func add(_ nanoseconds: UInt64) { samples.append(nanoseconds) }

  mutating func add(_ others: Figures) { samples += others.samples }

  /// The sample below which the share `quantile` (0…1) of all samples lies, in nanoseconds; 0 without samples.
  func quantile(_ quantile: Double) -> Double {
    guard !samples.isEmpty else { return 0 }
    let sorted = samples.sorted()
    return Double(sorted[min(sorted.count - 1, Int(Double(sorted.count) * quantile))])
  }

  func microseconds(_ quantile: Double) -> JSONValue { .rounded(self.quantile(quantile) / 1000, 2) }
  func milliseconds(_ quantile: Double) -> JSONValue { .rounded(self.quantile(quantile) / 1_000_000, 3) }
}

/// One figure of each round.
struct Rounds {
  private var values: [Double] = []

  init(_ values: [Double] = []) { self.values = values }

  mutating func add(_ value: Double) { values.append(value) }

  /// The middle one; of an even number the mean of the two in the middle; NaN without any.
  var median: Double {
    guard !values.isEmpty else { return .nan }
    let sorted = values.sorted()
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }

  /// `NAME` with the median and, of several rounds, `NAME_spread` with the least and the greatest.
  func members(_ name: String, digits: Int) -> [JSONMember] {
    let median = JSONMember(name, .rounded(self.median, digits))
    guard values.count > 1, let least = values.min(), let most = values.max() else { return [median] }
    return [median, JSONMember(name + "_spread", .array([.rounded(least, digits), .rounded(most, digits)]))]
  }
}

extension JSONValue {
  /// A number with at most `digits` digits after the point.
  static func rounded(_ value: Double, _ digits: Int) -> JSONValue {
    let factor = pow(10, Double(digits))
    let rounded = (value * factor).rounded() / factor
    return digits == 0 && rounded.magnitude < 1e15 ? .integer(Int(rounded)) : .double(rounded)
  }
}

/// Nanoseconds that `body` takes.
func elapsed(_ body: () throws -> Void) rethrows -> UInt64 {
  let start = Clock.monotonic
  try body()
  return Clock.monotonic - start
}

/// The whole file.
func readFile(_ path: String) throws -> [UInt8] {
  guard let file = fopen(path, "r") else { throw BenchError("\(path) cannot be read") }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = fread(&buffer, 1, buffer.count, file)
    guard count > 0 else { return bytes }
    bytes.append(contentsOf: buffer[..<count])
  }
}
