/// Everything on record that explains a package, a version of one, a workflow or a task.
package struct NameFacts: Sendable {
  package var subject: Explanation.Subject
  /// As it was asked for.
  package var name: String
  package var now: Timestamp
  package var isShared: Bool
  package var package: String
  /// The version that was asked for; nil: the active one is meant.
  package var version: String?
  package var workflow: String?
  package var task: String?
  /// Registered versions, newest first; never empty.
  package var versions: [VersionFact]
  package var activations: [ActivationFact] = []
  /// Archives of the package that could not be loaded, registered or not.
  package var quarantines: [QuarantineFact] = []
  /// Workflows of the version that is meant.
  package var definitions: [WorkflowDefinition] = []
  package var nodes: [NodeFact] = []
  /// Of the version that is meant.
  package var staging: [StagingFact] = []
  package var open: [OpenRunsFact] = []
  package var schedules: [ScheduleFact] = []
  /// Of the task's concurrency key.
  package var permits: [PermitFact] = []

  package init(
    _ subject: Explanation.Subject, name: String, package: String, versions: [VersionFact], now: Timestamp,
    isShared: Bool
  ) {
    self.subject = subject
    self.name = name
    self.package = package
    self.versions = versions
    self.now = now
    self.isShared = isShared
  }

  /// The version that is meant: the one asked for, else the active one.
  package var meant: VersionFact? {
    version.map { version in versions.first { $0.version == version } } ?? versions.first(where: \.isActive)
  }
}

/// Runs that are not over and have type, version and status in common.
package struct OpenRunsFact: Sendable, Equatable {
  package var type: String
  package var version: String?
  package var status: RunStatus
  package var count: Int

  package init(type: String, version: String?, status: RunStatus, count: Int) {
    self.type = type
    self.version = version
    self.status = status
    self.count = count
  }
}

/// A schedule whose type names the package.
package struct ScheduleFact: Sendable, Equatable {
  package var id: String
  package var type: String
  package var isEnabled: Bool
  package var nextRunAt: Timestamp?
  package var lastError: String?

  package init(id: String, type: String, isEnabled: Bool, nextRunAt: Timestamp?, lastError: String?) {
    self.id = id
    self.type = type
    self.isEnabled = isEnabled
    self.nextRunAt = nextRunAt
    self.lastError = lastError
  }
}
