import Glibc
import WorkflowModel

/// Measures the engine: one JSON object per line on standard output, and nothing else.
@main
struct Bench {
  static func main() {
    do {
      let options = try BenchOptions(CommandLine.arguments)
      let lines =
        switch options.name {
        case "throughput": try Throughput(options).run()
        case "call": try CallCost(options).run()
        case "load": try LoadTime(options).run()
        case "swap": try SwapUnderLoad(options).run()
        default: throw BenchError("unknown benchmark '\(options.name)'; there are: throughput, call, load, swap")
        }
      for line in lines { print(line.json) }
    } catch {
      let message = Array("bench: \(error)\n".utf8)
      _ = write(STDERR_FILENO, message, message.count)
      exit(1)
    }
  }
}

/// A reason why nothing was measured.
struct BenchError: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}

/// What to measure and on what.
struct BenchOptions {
  var name: String
  /// `sqlite` or `postgres`.
  var store = "sqlite"
  /// The PostgreSQL database; each measurement has a schema of its own there.
  var url = ""
  var shapes = ["single", "pipeline", "fanout"]
  var hosts = ["runner"]
  var runs = 10_000
  var swaps = 20
  /// Archives built by `Scripts/bench`: bench 1.0.0, bench 1.1.0, simple_demo.
  var packages = "."
  var runner = ""
  /// Folder for databases; on the disk that is to be measured.
  var folder = "."

  init(_ arguments: [String]) throws {
    guard arguments.count > 1 else { throw BenchError("name a benchmark: throughput, call, load or swap") }
    name = arguments[1]
    if name == "load" || name == "call" { hosts = ["in-process", "runner"] }
    var rest = arguments.dropFirst(2)
    while let flag = rest.popFirst() {
      guard let value = rest.popFirst() else { throw BenchError("\(flag) needs a value") }
      try set(flag, value)
    }
    guard store == "sqlite" || (store == "postgres" && !url.isEmpty) else {
      throw BenchError("--store is sqlite, or postgres with --url")
    }
  }

  private mutating func set(_ flag: String, _ value: String) throws {
    switch flag {
    case "--store": store = value
    case "--url": url = value
    case "--shape": shapes = [value]
    case "--host": hosts = [value]
    case "--runs": runs = try number(flag, value)
    case "--swaps": swaps = try number(flag, value)
    case "--packages": packages = value
    case "--runner": runner = value
    case "--folder": folder = value
    default:
      throw BenchError("unknown option '\(flag)'; there are --store, --shape, --host, --runs, --swaps")
    }
  }

  private func number(_ flag: String, _ value: String) throws -> Int {
    guard let number = Int(value), number > 0 else {
      throw BenchError("\(flag) takes a positive number, not '\(value)'")
    }
    return number
  }
}
