/// Everything an author declared about one task; the same words in the ABI, the manifest and the engine.
package struct TaskDefinition: Sendable, Equatable {
  package var id: String
  package var description: String = ""
  package var dependencies: [String] = []
  package var retry = RetryPolicy.once
  /// Milliseconds one attempt may take; 0 stands for the executor's default.
  package var timeoutMilliseconds: Int64 = 0
  /// Nil: all dependencies succeeded.
  package var rule: TriggerRule?
  package var tags: [String] = []
  package var concurrencyKey = ""
  package var concurrencyLimit = 0
  /// The task may ask to be called again later.
  package var defers = false

  package init(id: String, dependencies: [String] = []) {
    self.id = id
    self.dependencies = dependencies
  }
}

/// What happens when two unordered tasks write one key.
package enum ConflictPolicy: String, Sendable, CaseIterable {
  /// The later declaration wins and a warning event is recorded.
  case lastDeclared = "last_declared"
  /// The run fails.
  case refuse
}

/// What becomes of runs in flight when another version of their package becomes active.
package enum UpgradePolicy: String, Sendable, CaseIterable {
  /// They end by the version they began with.
  case pinned
  /// They go on by the new one from the next task on, if what has ended fits it.
  case nextTask = "next-task"
}

/// One workflow as declared: a name and its tasks in declaration order.
package struct WorkflowDefinition: Sendable, Equatable {
  package var name: String
  package var description: String = ""
  package var onConflict = ConflictPolicy.lastDeclared
  package var upgrade = UpgradePolicy.pinned
  /// JSON Schema, as written, that the input of a run has to fit; nil: any object.
  package var inputSchema: String?
  package var tasks: [TaskDefinition]

  package init(name: String, tasks: [TaskDefinition]) {
    self.name = name
    self.tasks = tasks
  }
}

/// What a package says of itself: the descriptor of the library, copied into values.
package struct PackageDescriptor: Sendable, Equatable {
  package var name: String
  package var version: String
  package var description: String = ""
  package var author: String = ""
  package var fingerprint: String = ""
  /// `swift-6.3.1` binds the package to a host's runtime; empty when it is bound to none.
  package var compiler: String = ""
  package var abiMajor: Int = 1
  package var abiMinor: Int = 0
  package var needsHostMinor: Int = 0
  package var workflows: [WorkflowDefinition]

  package init(name: String, version: String, workflows: [WorkflowDefinition]) {
    self.name = name
    self.version = version
    self.workflows = workflows
  }
}
