/// One difference between the version of a package that is active and one that is to be.
package struct PlanChange: Sendable, Equatable {
  /// What differs; stable words, shown to programs.
  package enum Kind: String, Sendable, CaseIterable {
    case description, author, compiler, fingerprint, isolation, size
    /// `MAJOR.MINOR` of the ABI it was built for.
    case abi
    /// The least minor version of the ABI that its host must have.
    case hostABI = "host_abi"
    /// Kinds of machine that it brings libraries for.
    case targets
    case exportAdded = "export_added"
    case exportRemoved = "export_removed"
    /// The new version may do what the old one might not.
    case permissionAdded = "permission_added"
    case permissionRemoved = "permission_removed"
    /// Bytes of address space, as a permission.
    case memoryLimit = "memory_limit"
    case workflowAdded = "workflow_added"
    case workflowRemoved = "workflow_removed"
    case workflowDescription = "workflow_description"
    case conflictPolicy = "conflict_policy"
    /// Whether its runs in flight follow the active version.
    case upgrade
    /// Tasks that both versions have are declared in another order.
    case taskOrder = "task_order"
    case taskAdded = "task_added"
    case taskRemoved = "task_removed"
    /// The task depends on other tasks than before.
    case taskMoved = "task_moved"
    case taskDescription = "task_description"
    /// The input of a workflow's runs has to fit a schema, does not have to any more, or has to fit another one.
    case inputSchema = "input_schema"
    /// A top-level property of the input is declared, is not any more, or otherwise than before.
    case inputProperty = "input_property"
    case retry, timeout, rule, tags, concurrency, defers
    /// A schedule starts a workflow that is no longer there.
    case scheduleOrphaned = "schedule_orphaned"
  }

  package var kind: Kind
  /// Nil: of the package as a whole.
  package var workflow: String?
  /// Nil: of the workflow or the package as a whole.
  package var task: String?
  /// A property of the input; nil: the change is of no such thing.
  package var property: String?
  /// What was and what is to be, as the descriptor's JSON has it; `null` for what is not there.
  package var old: JSONValue
  package var new: JSONValue
  /// True when what went well under the old version may fail, wait without end, or come out otherwise under the new.
  package var isBreaking: Bool

  package init(
    _ kind: Kind, workflow: String? = nil, task: String? = nil, property: String? = nil, from old: JSONValue = .null,
    to new: JSONValue = .null, isBreaking: Bool
  ) {
    self.property = property
    self.kind = kind
    self.workflow = workflow
    self.task = task
    self.old = old
    self.new = new
    self.isBreaking = isBreaking
  }
}
