import CloacinaRuntime
import PackageHost
import WorkflowModel

extension Operations {
  static let insightOperations: [String: Operation] = [
    "package.plan": { operations, parameters, attachment throws(RuntimeError) in
      try operations.plan(&parameters, attachment)
    },
    "why": { operations, parameters, _ throws(RuntimeError) in
      let name = try parameters.text("name")
      let tenant = try parameters.optionalText("tenant")
      try parameters.finish()
      return Answer(try operations.runtime.why(name, tenant: tenant).contract)
    },
  ]

  /// Compares the attached archive with what is active; `file` is only what the document calls it.
  private func plan(_ parameters: inout Parameters, _ archive: [UInt8]) throws(RuntimeError) -> Answer {
    let tenant = try parameters.text("tenant")
    let file = try parameters.optionalText("file")
    let word = try parameters.optionalText("isolation") ?? Isolation.runner.rawValue
    try parameters.finish()
    guard let isolation = Isolation(rawValue: word) else {
      throw RuntimeError(
        .invalid, code: "CLO-D060", "there is no isolation '\(word)'", fix: "use runner or in-process")
    }
    return Answer(try runtime.plan(archive: archive, tenant: tenant, isolation: isolation).contract(file: file))
  }
}
