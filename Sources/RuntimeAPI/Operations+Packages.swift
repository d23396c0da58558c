import CloacinaRuntime
import PackageHost
import WorkflowModel
import WorkflowStore

extension Operations {
  static let packageOperations: [String: Operation] = [
    "package.register": { operations, parameters, attachment throws(RuntimeError) in
      try operations.register(&parameters, attachment)
    },
    "package.list": { operations, parameters, _ throws(RuntimeError) in
      try operations.listPackages(&parameters)
    },
    "package.versions": { operations, parameters, _ throws(RuntimeError) in
      try operations.versions(&parameters)
    },
    "package.archive": { operations, parameters, _ throws(RuntimeError) in
      try operations.archive(&parameters)
    },
    "workflow.list": { operations, parameters, _ throws(RuntimeError) in
      try operations.listWorkflows(&parameters)
    },
    "workflow.show": { operations, parameters, _ throws(RuntimeError) in
      try operations.showWorkflow(&parameters)
    },
  ]

  private func register(_ parameters: inout Parameters, _ archive: [UInt8]) throws(RuntimeError) -> Answer {
    let tenant = try parameters.text("tenant")
    let word = try parameters.optionalText("isolation") ?? Isolation.runner.rawValue
    let activate = try parameters.flag("activate")
    var options = try swapOptions(&parameters)
    options.rule = try parameters.optionalRule("rollback_on")
    try parameters.finish()
    guard let isolation = Isolation(rawValue: word) else {
      throw RuntimeError(
        .invalid, code: "CLO-D012", "there is no isolation '\(word)'", fix: "use runner or in-process")
    }
    guard activate || options == SwapOptions() else {
      throw RuntimeError(
        .invalid, code: "CLO-D020", "a registration that activates nothing waits for nothing and has no rule",
        fix: "activate too")
    }
    return Answer(
      try runtime.registerPackage(
        archive: archive, tenant: tenant, isolation: isolation, activate: activate, options
      ).contract)
  }

  private func listPackages(_ parameters: inout Parameters) throws(RuntimeError) -> Answer {
    let tenant = try parameters.text("tenant")
    try parameters.finish()
    return Answer(.list("packages", try runtime.packageVersions(tenant: tenant, name: nil).map(\.contract)))
  }

  private func versions(_ parameters: inout Parameters) throws(RuntimeError) -> Answer {
    let tenant = try parameters.text("tenant")
    let name = try parameters.text("name")
    try parameters.finish()
    return Answer(
      .list("versions", try known(tenant, name).map(\.contract), [("package", .string(name))]))
  }

  /// The archive's bytes as they were registered, attached to the version's document.
  private func archive(_ parameters: inout Parameters) throws(RuntimeError) -> Answer {
    let tenant = try parameters.text("tenant")
    let name = try parameters.text("name")
    let wanted = try parameters.optionalText("version")
    try parameters.finish()
    let versions = try known(tenant, name)
    let found = wanted.map { wanted in versions.first { $0.record.version == wanted } }
    guard let version = found ?? versions.first(where: \.isActive) ?? (wanted == nil ? versions.first : nil) else {
      throw RuntimeError(
        .notFound, code: "CLO-D013", "package '\(name)' has no version '\(wanted ?? "")'",
        fix: "cloacina-ctl package versions \(name)")
    }
    return Answer(version.contract, attachment: try runtime.archive(version.record.digest))
  }

  private func listWorkflows(_ parameters: inout Parameters) throws(RuntimeError) -> Answer {
    let tenant = try parameters.text("tenant")
    try parameters.finish()
    return Answer(.list("workflows", try runtime.workflows(tenant: tenant).map(\.contract)))
  }

  private func showWorkflow(_ parameters: inout Parameters) throws(RuntimeError) -> Answer {
    let tenant = try parameters.text("tenant")
    let name = try parameters.text("name")
    try parameters.finish()
    return Answer(try runtime.workflow(named: name, tenant: tenant).contract)
  }

  /// The versions of a package, or an error with the nearest name.
  /// The versions of a package that there is.
  ///
  /// - Throws: ``RuntimeError`` `.notFound` with the nearest known name.
  func known(_ tenant: String, _ name: String) throws(RuntimeError) -> [PackageVersion] {
    let versions = try runtime.packageVersions(tenant: tenant, name: name)
    if !versions.isEmpty { return versions }
    let names = try runtime.packageVersions(tenant: tenant, name: nil).map(\.record.name)
    let hint = Suggestion.hint(for: name, in: names)
    throw RuntimeError(
      .notFound, code: "CLO-D014", "there is no package '\(name)'\(hint)", fix: "cloacina-ctl package list")
  }
}
