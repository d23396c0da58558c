import WorkflowModel

/// Other projects on the same server, measured by the program in `Benchmarks/peers` with their best known settings.
struct Peers {
  static let all = ["pgqueuer", "procrastinate", "dbos"]

  /// The peers that `--peers` names.
  static func named(_ text: String) throws -> [String] {
    switch text {
    case "all": return all
    case "none": return []
    default:
      guard all.contains(text) else {
        throw BenchError("unknown peers '\(text)'; there are all, none, \(all.joined(separator: ", "))")
      }
      return [text]
    }
  }

  /// One measurement of one peer, as its program prints it.
  ///
  /// - Parameters:
  ///   - measure: `drain` or `latency`.
  ///   - jobs: nil: as many as are stated for that peer.
  static func measure(_ name: String, _ measure: String, jobs: Int?, _ options: BenchOptions) throws -> JSONValue {
    var arguments = [options.url, "--peer", name, "--measure", measure, "--best"]
    if let jobs { arguments += ["--jobs", "\(jobs)"] }
    let process = try ChildProcess("Benchmarks/peers/run", arguments)
    let line = process.line()
    guard process.wait() == 0, let line, let found = try? JSONReader.read(Array(line.utf8)) else {
      throw BenchError("\(name) could not be measured; --peers none leaves the peers out")
    }
    return found
  }

  /// Several measurements of one peer as one: medians of the named figures, and the settings of each.
  static func summary(_ found: [JSONValue], of figures: [String]) -> [JSONMember] {
    var members = [JSONMember("bench", .string("peer"))]
    for name in ["peer", "version", "measure", "jobs"] {
      if let value = found.first?[name] { members.append(JSONMember(name, value)) }
    }
    members.append(JSONMember("rounds", .integer(found.count)))
    for name in figures { members += Rounds(found.compactMap { $0[name]?.double }).members(name, digits: 2) }
    return members + [JSONMember("settings", .array(found.compactMap { $0["settings"] }))]
  }
}

extension JSONValue {
  /// The member as a number.
  func figure(_ name: String) throws -> Double {
    guard let value = self[name]?.double else { throw BenchError("there is no number '\(name)' in \(json)") }
    return value
  }
}
