import CloacinaRuntime
import PackageHost
import Telemetry
import WorkflowStore

extension Cloacina {
  /// How an engine is set up; what is not set has a sound default.
  public struct Options: Sendable {
    /// How packages that are registered here are kept apart from the program.
    public enum Isolation: String, Sendable, CaseIterable {
      /// In a process of their own: a crash, a hang or an exit of a task cannot touch the program.
      case runner
      /// Inside the program: faster, for code that is trusted like the program itself. It stays mapped until the
      /// program ends.
      case inProcess = "in-process"
    }

    /// What is written to standard error; for the whole process.
    public enum LogLevel: Sendable, CaseIterable {
      case debug, info, warning, error
    }

    /// Claim and run work. Without it the engine only registers, starts, asks and calls tasks directly.
    public var executesWork = true
    /// How packages that are registered here are kept apart from the program.
    public var isolation = Isolation.runner
    /// Path of `cloacina-runner`; nil: beside the program's executable, else where CLOACINA_RUNNER says.
    public var runner: String?
    /// Name of this node in leases and lists; nil: `local` on a file, the host's name on a server.
    public var nodeName: String?
    /// Tasks of runs at once, and calls at once in one package; 1 to 4096.
    public var slots = 64
    /// What this node has that tasks may ask for.
    public var tags: [String] = []
    /// LIKE patterns of which a run's type must match one to be taken in here; empty: every type.
    public var types: [String] = []
    /// Folder of unpacked packages; nil: beside the database file, for a server in the user's cache.
    public var cacheFolder: String?
    /// A run passes to another node this long after its owner was last heard of; a second to an hour.
    public var lease = Duration.seconds(15)
    /// How long running tasks may go on once the engine is closed, or the node is drained.
    public var drain = Duration.seconds(10)
    /// Time limit of a task that declares none; nil: no limit.
    public var defaultTimeout: Duration?
    /// A package's process that had no call for so long is ended, and starts again with its next call; nil: never.
    public var runnerIdle: Duration? = .seconds(600)
    /// Calls after which a package's process is replaced by a fresh one; nil: never.
    public var runnerCalls: Int?
    /// Bytes of memory above which a package's process is replaced by a fresh one; nil: never.
    public var runnerMemory: Int64?
    /// Processes of packages to keep, 1 to 4096; above it those not used for longest are ended.
    public var runners = 64
    /// Libraries that packages inside the program may map, 0 to 4096; none is ever unmapped. A further one is refused
    /// with `CLO-P100`.
    public var images = 64
    /// Days for which runs and swaps that ended are kept; nil: for ever.
    public var retentionDays: Int?
    /// Days for which rows of the audit trail are kept; nil: for ever.
    public var auditRetentionDays: Int?
    /// How long to wait for a database file that another process has open, such as a command; zero: not at all.
    public var patience = Duration.seconds(5)
    /// The least that is written to standard error.
    public var logLevel = LogLevel.warning

    /// The defaults.
    public init() {}
  }
}

extension Cloacina.Options {
  /// The same for the runtime.
  ///
  /// - Throws: ``CloacinaError`` `.invalid` for an option out of its range, `.unavailable` without a runner.
  func configuration(database: String) throws(CloacinaError) -> RuntimeConfiguration {
    try check(slots, in: 1...4096, "slots")
    try check(lease.milliseconds, in: 1000...3_600_000, "lease, in milliseconds,")
    if let retentionDays { try check(retentionDays, in: 1...36_500, "retentionDays") }
    if let auditRetentionDays { try check(auditRetentionDays, in: 1...36_500, "auditRetentionDays") }
    try check(images, in: 0...4096, "images")
    var host = HostConfiguration(runnerPath: try runnerPath())
    host.slots = slots
    host.imageLimit = images
    var configuration = RuntimeConfiguration(databaseURL: database, host: host)
    configuration.nodeName = nodeName ?? Cloacina.Options.nodeName(on: database)
    configuration.tags = tags
    configuration.types = types
    configuration.cacheFolder = cacheFolder
    configuration.slots = slots
    configuration.leaseMilliseconds = lease.milliseconds
    configuration.drainMilliseconds = max(0, drain.milliseconds)
    configuration.defaultTimeoutMilliseconds = max(0, defaultTimeout?.milliseconds ?? 0)
    configuration.care = try care()
    configuration.retentionDays = retentionDays
    configuration.auditRetentionDays = auditRetentionDays
    configuration.executes = executesWork
    return configuration
  }

  private static func nodeName(on database: String) -> String {
    if case .postgres? = DatabaseURL(database) { return Machine.name }
    return "local"
  }

  /// A database may hold packages for a runner even when those registered here go without one; then they fail to load.
  private func runnerPath() throws(CloacinaError) -> String {
    if let found = RunnerPath.find(chosen: runner) { return found }
    guard isolation == .runner else { return runner ?? RunnerPath.expected }
    throw CloacinaError(
      .unavailable, code: "CLO-E002", "the program cloacina-runner is not at \(runner ?? RunnerPath.expected)",
      fix: "put it beside the program, or say where it is: Options.runner or CLOACINA_RUNNER")
  }

  func check<Number: BinaryInteger>(_ value: Number, in range: ClosedRange<Number>, _ name: String)
    throws(CloacinaError)
  {
    guard range.contains(value) else {
      throw CloacinaError(
        .invalid, code: "CLO-E007", "the option \(name) is \(value)",
        fix: "it may be \(range.lowerBound) to \(range.upperBound)")
    }
  }
}

extension Isolation {
  init(_ isolation: Cloacina.Options.Isolation) {
    self = isolation == .runner ? .runner : .inProcess
  }
}

extension LogLevel {
  init(_ level: Cloacina.Options.LogLevel) {
    self =
      switch level {
      case .debug: .debug
      case .info: .info
      case .warning: .warning
      case .error: .error
      }
  }
}

extension Duration {
  /// Whole milliseconds, rounded down; the largest number there is for what does not fit.
  var milliseconds: Int64 {
    let (seconds, attoseconds) = components
    let (product, isTooLarge) = seconds.multipliedReportingOverflow(by: 1000)
    return isTooLarge
      ? (seconds < 0 ? .min : .max) : product.addingReportingOverflow(attoseconds / 1_000_000_000_000_000).partialValue
  }
}
