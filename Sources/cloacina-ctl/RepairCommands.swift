import CommandLineInterface
import RuntimeAPI
import WorkflowModel

/// `run retry`, `run migrate` and `run cancel`: one run, or all that a query names.
enum RepairCommands {
  static func retry(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    let set = try settings(invocation.all("set"))
    return try perform(
      "retry",
      [("from", invocation["from"].map(JSONValue.string)), ("on", invocation["on"].map(JSONValue.string))],
      attachment: set, invocation, console)
  }

  static func migrate(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    guard let version = invocation["to"] else {
      throw CommandError(
        UsageError("'run migrate' needs --to: the version the run is to have", fix: "add --to VERSION, or --to active"))
    }
    return try perform("migrate", [("to", .string(version))], attachment: [], invocation, console)
  }

  static func cancel(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    try perform("cancel", [], attachment: [], invocation, console)
  }

  private static func perform(
    _ action: String, _ parameters: [(String, JSONValue?)], attachment: [UInt8], _ invocation: Invocation,
    _ console: Console
  ) throws(CommandError) -> ExitCode {
    switch (invocation.operands.first, invocation["where"]) {
    case (nil, nil):
      throw CommandError(
        UsageError("'run \(action)' needs a run's id, or --where", fix: "\(Grammar.program) run \(action) --help"))
    case (_?, _?):
      throw CommandError(
        UsageError("a run's id and --where contradict each other", fix: "leave out one of the two"))
    case (nil, let query?):
      let session = try Session.open(invocation, console)
      defer { session.close() }
      var bulk = BulkCommand(
        session: session, console: console, action: action, query: query, parameters: parameters,
        attachment: attachment, tenant: invocation.tenant)
      return try bulk.run(isAgreed: invocation.has("yes"), isDryRun: invocation.has("dry-run"))
    case (_?, nil):
      let session = try Session.open(invocation, console)
      defer { session.close() }
      let answer = try session.perform(
        "run.\(action)", RunCommands.identity(invocation) + parameters, attachment: attachment)
      try console.show(answer.document)
      if action != "cancel", let missing = try session.missingService() { console.note("recorded; \(missing)") }
      return .success
    }
  }

  /// `key=json` texts as one JSON object.
  private static func settings(_ texts: [String]) throws(CommandError) -> [UInt8] {
    guard !texts.isEmpty else { return [] }
    var members: [String] = []
    var names: Set<String> = []
    for text in texts {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, !parts[0].isEmpty else {
        throw .invalid(
          "CLO-C031", "--set does not take '\(text)'", fix: "write --set key=JSON, for example --set rows=5")
      }
      do throws(JSONError) { _ = try JSONReader.read(Array(parts[1].utf8)) } catch {
        throw .invalid(
          "CLO-C032", "the value in --set '\(text)' is not JSON: \(error)",
          fix: "put a text between double quotes: --set '\(parts[0])=\"\(parts[1])\"'")
      }
      guard names.insert(parts[0]).inserted else {
        throw .invalid("CLO-C033", "--set gives '\(parts[0])' twice", fix: "leave out one of the two")
      }
      members.append("\(JSONValue.string(parts[0]).json):\(parts[1])")
    }
    return Array("{\(members.joined(separator: ","))}".utf8)
  }
}
