import CommandLineInterface
import RuntimeAPI
import Threading
import WorkflowModel

/// The verbs of the life of package versions, and `audit …`.
enum VersionCommands {
  typealias Parameter = (String, JSONValue?)

  static func activate(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    try swap("package.activate", try version(invocation) + options(invocation), invocation, console)
  }

  static func rollBack(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    let began = Clock.now
    let reference = try PackageCommands.reference(invocation.operands[0])
    if let version = reference.version {
      throw .invalid(
        "CLO-C083",
        "'\(invocation.operands[0])' names a version, and a rollback takes none: it returns to what was active before",
        fix: "cloacina-ctl package rollback \(reference.name); or, to choose the version: "
          + "cloacina-ctl package activate \(reference.name)@\(version) --allow-downgrade")
    }
    return try swap("package.rollback", name(invocation) + options(invocation), invocation, console) {
      session throws(CommandError) in try knownEpoch(session, invocation, began)
    }
  }

  /// What is active when a rollback is asked for: of two that are asked for at once, one is done.
  private static func knownEpoch(
    _ session: Session, _ invocation: Invocation, _ began: Timestamp
  ) throws(CommandError) -> [Parameter] {
    let active = try session.perform(
      "package.activation", [("tenant", .string(invocation.tenant))] + name(invocation)
    ).document
    // Another command may have had the database to itself meanwhile. Its clock is ours unless it is on a server.
    let activatedAt = active["activated_at"]?.text.flatMap(TimestampFormat.parse) ?? 0
    if !session.isShared, activatedAt > began, activatedAt <= Clock.now {
      throw CommandError(
        .refused, kind: "refused", code: "CLO-S017",
        "\(active["version"]?.text ?? "another version") of \(invocation.operands[0]) became active after this command"
          + " was given; nothing was changed",
        fix: "look at it, and repeat the command if it is to be rolled back: cloacina-ctl package versions "
          + invocation.operands[0])
    }
    return [("known_epoch", active["epoch"])]
  }

  static func canary(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    if invocation.has("end") {
      let reference = try PackageCommands.reference(invocation.operands[0])
      guard reference.version == nil else {
        throw .invalid(
          "CLO-C080", "a package has one canary at most: --end takes no version",
          fix: "cloacina-ctl package canary \(reference.name) --end")
      }
      return try PackageCommands.ask("package.end_canary", name(invocation), invocation, console)
    }
    let percent = invocation["percent"] ?? (invocation["tenant"] == nil ? nil : "100")
    guard let percent else {
      throw .invalid(
        "CLO-C081", "a canary needs its share of the new runs",
        fix: "add --percent N, or --tenant NAME for all runs of a tenant")
    }
    let rule = invocation["rollback-on"].map(JSONValue.string)
    let parameters = try version(invocation) + [("percent", .string(percent)), ("rollback_on", rule)]
    return try swap("package.canary", parameters, invocation, console)
  }

  static func drain(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    let timeout = invocation.number("timeout").map { JSONValue.integer($0 * 1000) }
    return try PackageCommands.ask(
      "package.drain",
      try version(invocation) + [("timeout_ms", timeout), ("confirmed", .bool(invocation.has("yes")))], invocation,
      console)
  }

  static func yank(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    try PackageCommands.ask(
      "package.yank", try version(invocation) + [("undo", .bool(invocation.has("undo")))], invocation, console)
  }

  static func remove(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    try PackageCommands.ask("package.remove", try version(invocation), invocation, console)
  }

  static func swaps(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    try PackageCommands.ask("package.swaps", name(invocation) + [limit(invocation)], invocation, console)
  }

  static func quarantines(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    try PackageCommands.ask("package.quarantines", [], invocation, console)
  }

  static func clearQuarantine(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    try PackageCommands.ask(
      "package.clear_quarantine", [("subject", .string(invocation.operands[0]))], invocation, console)
  }

  static func audit(_ invocation: Invocation, _ console: Console) throws(CommandError) -> ExitCode {
    let session = try Session.open(invocation, console)
    defer { session.close() }
    try console.show(
      session.perform(
        "audit.list",
        [
          ("tenant", invocation["tenant"].map(JSONValue.string)),
          ("package", invocation["package"].map(JSONValue.string)), limit(invocation),
        ]
      ).document)
    return .success
  }

  // MARK: Swaps

  /// Asks for a swap, shows it, and fails when runs that were to be waited for are still in flight.
  static func swap(
    _ operation: String, _ parameters: [Parameter], attachment: [UInt8] = [], _ invocation: Invocation,
    _ console: Console, lookingFirst: (Session) throws(CommandError) -> [Parameter] = { _ in [] }
  ) throws(CommandError) -> ExitCode {
    let session = try Session.open(invocation, console)
    defer { session.close() }
    let all = [("tenant", JSONValue.string(invocation.tenant))] + parameters + (try lookingFirst(session))
    let document: JSONValue
    do {
      defer { console.endProgress() }
      document = try session.perform(
        operation, all, attachment: attachment, progress: SwapSteps(console).map { $0.show }
      ).document
    }
    try console.show(document)
    guard invocation.has("wait"), document["swap"]?["step"]?.text == "drain" else { return .success }
    let package = document["package"]?.text ?? ""
    throw CommandError(
      .timeout, kind: "timeout", code: "CLO-C082",
      "the version is active, but runs of the one before are still in flight on it",
      fix: "they go on: cloacina-ctl package versions \(package)")
  }

  /// What `register --activate`, `activate` and `rollback` have in common.
  static func options(_ invocation: Invocation) -> [Parameter] {
    [
      ("allow_downgrade", invocation.has("allow-downgrade") ? .bool(true) : nil),
      ("when_staged_ms", seconds("when-staged", default: 60, invocation)),
      ("wait_ms", seconds("wait", default: 600, invocation)),
      ("rollback_on", invocation["rollback-on"].map(JSONValue.string)),
    ]
  }

  private static func seconds(_ flag: String, default seconds: Int, _ invocation: Invocation) -> JSONValue? {
    invocation.has(flag) ? .integer((invocation.number(flag) ?? seconds) * 1000) : nil
  }

  private static func name(_ invocation: Invocation) -> [Parameter] { [("name", .string(invocation.operands[0]))] }

  private static func limit(_ invocation: Invocation) -> Parameter {
    ("limit", invocation.number("limit").map { .integer($0) })
  }

  private static func version(_ invocation: Invocation) throws(CommandError) -> [Parameter] {
    let reference = try PackageCommands.reference(invocation.operands[0])
    guard let version = reference.version else {
      throw .invalid(
        "CLO-C011", "'\(invocation.operands[0])' names no version",
        fix: "write NAME@VERSION; cloacina-ctl package versions \(reference.name) lists them")
    }
    return [("name", .string(reference.name)), ("version", .string(version.description))]
  }
}
