import Glibc
import WorkflowModel

/// Measures the engine: one JSON object per line on standard output, and nothing else.
@main
struct Bench {
  static func main() {
    do {
      let options = try BenchOptions(CommandLine.arguments)
      switch options.benchmark {
      case .throughput: try Throughput(options).run()
      case .latency: try Latency(options).run()
      case .scaling: try Scaling(options).run()
      case .history: try History(options).run()
      case .recovery: try Recovery(options).run()
      case .call: try CallCost(options).run()
      case .load: try LoadTime(options).run()
      case .swap: try SwapUnderLoad(options).run()
      }
    } catch {
      Report.note("\(error)")
      exit(1)
    }
  }
}

/// A reason why nothing was measured.
struct BenchError: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}

/// What people and programs are told.
enum Report {
  /// One measurement: a line on standard output, at once.
  static func line(_ members: [JSONMember]) {
    print(JSONValue.object(members).json)
    fflush(nil)
  }

  /// What is going on: a line on standard error.
  static func note(_ text: String) {
    let message = Array("bench: \(text)\n".utf8)
    _ = write(STDERR_FILENO, message, message.count)
  }

  /// Processes that ran or waited to run, as an average over the last minute: what else the machine does.
  static var loadAverage: JSONMember {
    var average = 0.0
    getloadavg(&average, 1)
    return JSONMember("load_average", .rounded(average, 2))
  }
}
