import CloacinaABI

/// Turns declarations into the constant C tables of the ABI; nothing made here is ever freed.
enum Table {
  static func make(_ package: Package, _ identity: PackageIdentity) -> UnsafePointer<cloacina_package> {
    keep(
      cloacina_package(
        struct_size: UInt32(MemoryLayout<cloacina_package>.size), abi_major: UInt16(CLOACINA_ABI_MAJOR),
        abi_minor: UInt16(CLOACINA_ABI_MINOR), needs_host_minor: 0, reserved: 0, reserved2: 0, required_features: 0,
        name: text(identity.name), version: text(identity.version), description: text(identity.description),
        author: text(identity.author), fingerprint: text(identity.fingerprint), compiler: text(identity.compiler),
        workflow_count: package.workflows.count, workflows: pointers(package.workflows.map(workflow)), open: nil,
        run: Bodies.run, close: nil, extension: nil))
  }

  static func metadata(_ identity: PackageIdentity) -> UnsafePointer<cloacina_package_metadata> {
    keep(
      cloacina_package_metadata(
        package: string(identity.name), version: string(identity.version), description: string(identity.description),
        author: string(identity.author), fingerprint: string(identity.fingerprint)))
  }

  private static func workflow(_ workflow: WorkflowDeclaration) -> UnsafePointer<cloacina_workflow> {
    let refuses = workflow.onConflict == .refuse
    let upgrades = workflow.upgrade == .nextTask
    return keep(
      cloacina_workflow(
        struct_size: UInt32(MemoryLayout<cloacina_workflow>.size),
        on_conflict: Int32(refuses ? CLOACINA_CONFLICT_REFUSE : CLOACINA_CONFLICT_LAST_DECLARED),
        name: text(workflow.name), description: text(workflow.description), task_count: workflow.tasks.count,
        tasks: pointers(workflow.tasks.map(task)),
        upgrade: Int32(upgrades ? CLOACINA_UPGRADE_NEXT_TASK : CLOACINA_UPGRADE_PINNED), reserved: 0,
        input_schema: text(workflow.inputSchema)))
  }

  private static func task(_ task: TaskDeclaration) -> UnsafePointer<cloacina_task> {
    var table = cloacina_task()
    table.struct_size = UInt32(MemoryLayout<cloacina_task>.size)
    table.id = text(task.id)
    table.description = text(task.options.description)
    table.dependency_count = task.dependencies.count
    table.dependencies = array(task.dependencies.map(text))
    table.retry = task.options.retry.attempts > 1 ? retry(task.options.retry) : nil
    table.timeout_ms = task.options.timeout?.milliseconds ?? 0
    table.rule = task.options.rule.map(rule)
    table.tag_count = task.options.tags.count
    table.tags = array(task.options.tags.map(text))
    table.concurrency_key = text(task.options.concurrency?.key ?? "")
    table.concurrency_limit = UInt32(clamping: task.options.concurrency?.limit ?? 0)
    return keep(table)
  }

  private static func retry(_ retry: Retry) -> UnsafePointer<cloacina_retry_policy> {
    var table = cloacina_retry_policy()
    table.struct_size = UInt32(MemoryLayout<cloacina_retry_policy>.size)
    table.max_attempts = UInt32(clamping: retry.attempts)
    table.backoff = retry.backoff
    table.retry_on = retry.causes.rawValue
    table.base_ms = retry.base.milliseconds
    table.cap_ms = retry.cap?.milliseconds ?? 0
    table.multiplier_permille = retry.multiplier.permille
    table.jitter_permille = min(retry.jitterShare.permille, 1000)
    return keep(table)
  }

  private static func rule(_ rule: Rule) -> UnsafePointer<cloacina_rule> {
    var table = cloacina_rule()
    table.struct_size = UInt32(MemoryLayout<cloacina_rule>.size)
    func list(_ kind: Int, _ rules: [Rule]) {
      table.kind = Int32(kind)
      table.child_count = rules.count
      table.children = array(rules.map { self.rule($0) })
    }
    func subject(_ kind: Int, _ id: String) {
      table.kind = Int32(kind)
      table.subject = text(id)
    }
    switch rule {
    case .always: table.kind = Int32(CLOACINA_RULE_ALWAYS)
    case .all(let rules): list(Int(CLOACINA_RULE_ALL), rules)
    case .any(let rules): list(Int(CLOACINA_RULE_ANY), rules)
    case .none(let rules): list(Int(CLOACINA_RULE_NONE), rules)
    case .succeeded(let id): subject(Int(CLOACINA_RULE_SUCCEEDED), id)
    case .failed(let id): subject(Int(CLOACINA_RULE_FAILED), id)
    case .skipped(let id): subject(Int(CLOACINA_RULE_SKIPPED), id)
    case .context(let key, let comparison, let value):
      subject(Int(CLOACINA_RULE_CONTEXT), key)
      table.comparison = comparison.rawValue
      table.value = text(value.description)
    }
    return keep(table)
  }

  // MARK: Immortal memory

  private static func keep<Value>(_ value: Value) -> UnsafePointer<Value> {
    let pointer = UnsafeMutablePointer<Value>.allocate(capacity: 1)
    pointer.initialize(to: value)
    return UnsafePointer(pointer)
  }

  private static func array<Element>(_ elements: [Element]) -> UnsafePointer<Element>? {
    elements.isEmpty ? nil : pointers(elements)
  }

  private static func pointers<Element>(_ elements: [Element]) -> UnsafePointer<Element> {
    let buffer = UnsafeMutablePointer<Element>.allocate(capacity: max(1, elements.count))
    buffer.initialize(from: elements, count: elements.count)
    return UnsafePointer(buffer)
  }

  private static func text(_ text: String) -> cloacina_text {
    cloacina_text(utf8: string(text), count: text.utf8.count)
  }

  private static func string(_ text: String) -> UnsafePointer<CChar> {
    pointers(Array(text.utf8CString))
  }
}
