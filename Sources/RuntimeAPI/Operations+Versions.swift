import CloacinaRuntime
import WorkflowModel
import WorkflowStore

extension Operations {
  static let versionOperations: [String: Operation] = [
    "package.activate": { operations, parameters, _ throws(RuntimeError) in
      try operations.activate(&parameters)
    },
    "package.activation": { operations, parameters, _ throws(RuntimeError) in
      let (tenant, name) = (try parameters.text("tenant"), try parameters.text("name"))
      try parameters.finish()
      return Answer(try operations.runtime.activeVersion(tenant: tenant, name: name).contract)
    },
    "package.rollback": { operations, parameters, _ throws(RuntimeError) in
      try operations.rollBack(&parameters)
    },
    "package.canary": { operations, parameters, _ throws(RuntimeError) in
      try operations.setCanary(&parameters)
    },
    "package.end_canary": { operations, parameters, _ throws(RuntimeError) in
      let (tenant, name) = (try parameters.text("tenant"), try parameters.text("name"))
      try parameters.finish()
      return Answer(try operations.runtime.endCanary(tenant: tenant, name: name).contract)
    },
    "package.drain": { operations, parameters, _ throws(RuntimeError) in
      try operations.drain(&parameters)
    },
    "package.yank": { operations, parameters, _ throws(RuntimeError) in
      let (tenant, name, version) = try operations.version(&parameters)
      let isUndone = try parameters.flag("undo")
      try parameters.finish()
      return Answer(
        try operations.runtime.yank(tenant: tenant, name: name, version: version, isUndone: isUndone).contract)
    },
    "package.remove": { operations, parameters, _ throws(RuntimeError) in
      let (tenant, name, version) = try operations.version(&parameters)
      try parameters.finish()
      return Answer(
        try operations.runtime.removeVersion(tenant: tenant, name: name, version: version).contract)
    },
    "package.quarantines": { operations, parameters, _ throws(RuntimeError) in
      let tenant = try parameters.text("tenant")
      try parameters.finish()
      return Answer(.list("quarantines", try operations.runtime.quarantines(tenant: tenant).map(\.contract)))
    },
    "package.clear_quarantine": { operations, parameters, _ throws(RuntimeError) in
      let (tenant, subject) = (try parameters.text("tenant"), try parameters.text("subject"))
      try parameters.finish()
      let cleared = try operations.runtime.clearQuarantine(tenant: tenant, subject)
      return Answer(.list("quarantines", cleared.map(\.contract)))
    },
    "package.swaps": { operations, parameters, _ throws(RuntimeError) in
      let (tenant, name) = (try parameters.text("tenant"), try parameters.text("name"))
      let limit = try parameters.optionalInteger("limit", in: 1...Operations.listLimit) ?? 50
      try parameters.finish()
      let swaps = try operations.runtime.swaps(tenant: tenant, name: name, limit: Int(limit))
      // A package whose versions were all removed, or never registered, may have swaps still.
      if swaps.isEmpty { _ = try operations.known(tenant, name) }
      return Answer(.list("swaps", swaps.map(\.contract), [("package", .string(name))]))
    },
    "audit.list": { operations, parameters, _ throws(RuntimeError) in
      var filter = AuditFilter()
      filter.tenant = try parameters.optionalText("tenant")
      filter.package = try parameters.optionalText("package")
      filter.limit = Int(try parameters.optionalInteger("limit", in: 1...Operations.listLimit) ?? 50)
      try parameters.finish()
      return Answer(.list("audit", try operations.runtime.audit(filter).map(\.contract)))
    },
  ]

  private func version(_ parameters: inout Parameters) throws(RuntimeError) -> (String, String, String) {
    (try parameters.text("tenant"), try parameters.text("name"), try parameters.text("version"))
  }

  /// Sends each step of a swap ahead of its answer.
  private var listener: SwapListener { SwapListener { [progress] step in progress(step.contract) } }

  /// What all swaps take.
  func swapOptions(_ parameters: inout Parameters) throws(RuntimeError) -> SwapOptions {
    var options = SwapOptions()
    options.listener = listener
    options.allowsDowngrade = try parameters.flag("allow_downgrade")
    options.whenStaged = try parameters.optionalInteger("when_staged_ms", in: 0...Operations.day)
    options.wait = try parameters.optionalInteger("wait_ms", in: 0...(365 * Operations.day))
    return options
  }

  private func activate(_ parameters: inout Parameters) throws(RuntimeError) -> Answer {
    let (tenant, name, version) = try version(&parameters)
    var options = try swapOptions(&parameters)
    options.rule = try parameters.optionalRule("rollback_on")
    try parameters.finish()
    let result = try runtime.activate(tenant: tenant, name: name, version: version, options)
    return Answer(result.activation.contract(result.swap))
  }

  private func rollBack(_ parameters: inout Parameters) throws(RuntimeError) -> Answer {
    let (tenant, name) = (try parameters.text("tenant"), try parameters.text("name"))
    var options = try swapOptions(&parameters)
    options.knownEpoch = try parameters.optionalInteger("known_epoch", in: 1...(.max))
    try parameters.finish()
    let result = try runtime.rollBack(tenant: tenant, name: name, options)
    return Answer(result.activation.contract(result.swap))
  }

  private func setCanary(_ parameters: inout Parameters) throws(RuntimeError) -> Answer {
    let (tenant, name, version) = try version(&parameters)
    let percent = try parameters.text("percent")
    var options = SwapOptions()
    options.listener = listener
    options.rule = try parameters.optionalRule("rollback_on")
    try parameters.finish()
    guard let share = Double(percent).flatMap(CanaryShare.init(percent:)) else {
      throw RuntimeError(
        .invalid, code: "CLO-D080", "'\(percent)' is no share of a package's runs", fix: "give a number from 0 to 100")
    }
    return Answer(try runtime.setCanary(tenant: tenant, name: name, version: version, share: share, options).contract)
  }

  private func drain(_ parameters: inout Parameters) throws(RuntimeError) -> Answer {
    let (tenant, name, version) = try version(&parameters)
    let timeout = try parameters.optionalInteger("timeout_ms", in: 0...(365 * Operations.day))
    let isConfirmed = try parameters.flag("confirmed")
    try parameters.finish()
    return Answer(
      try runtime.drainVersion(
        tenant: tenant, name: name, version: version, timeoutMilliseconds: timeout, isConfirmed: isConfirmed
      ).contract)
  }
}
