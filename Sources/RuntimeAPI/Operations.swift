package import CloacinaRuntime
package import WorkflowModel

/// Everything that can be asked of an engine, by name: the one way in, for a daemon's clients and for a command
/// that opened the database itself.
package struct Operations: Sendable {
  let runtime: Runtime
  let daemon: DaemonIdentity?
  /// Of the operation that is done.
  var progress: ProgressSink = { _ in }

  /// - Parameter daemon: who answers, or nil in a command that embeds the engine.
  package init(runtime: Runtime, daemon: DaemonIdentity?) {
    self.runtime = runtime
    self.daemon = daemon
  }

  /// Does one operation and returns its document.
  ///
  /// - Parameter progress: told how far it is, by those operations that say so.
  /// - Throws: ``RuntimeError``; `.invalid` for an unknown name or parameter.
  package func perform(
    _ name: String, params: JSONValue, attachment: [UInt8] = [], progress: @escaping ProgressSink = { _ in }
  ) throws(RuntimeError) -> Answer {
    guard let operation = Operations.table[name] else {
      throw RuntimeError(
        .invalid, code: "CLO-D011", "there is no operation '\(name)'",
        fix: ControlServer.sameVersion)
    }
    var parameters = try Parameters(name, params)
    var own = self
    own.progress = progress
    return try operation(own, &parameters, attachment)
  }

  typealias Operation =
    @Sendable (Operations, inout Parameters, [UInt8]) throws(RuntimeError) -> Answer

  private static let table: [String: Operation] = packageOperations.merging(runOperations) { first, _ in first }
    .merging(repairOperations) { first, _ in first }
    .merging(scheduleOperations) { first, _ in first }.merging(nodeOperations) { first, _ in first }
    .merging(engineOperations) { first, _ in first }.merging(versionOperations) { first, _ in first }
    .merging(insightOperations) { first, _ in first }

  private static let engineOperations: [String: Operation] = [
    "engine.status": { operations, parameters, _ throws(RuntimeError) in
      let tenant = try parameters.optionalText("tenant")
      try parameters.finish()
      return Answer(try operations.runtime.status(tenant: tenant).contract(daemon: operations.daemon))
    },
    "engine.metrics": { operations, parameters, _ throws(RuntimeError) in
      try parameters.finish()
      return Answer(Metrics.families(try operations.runtime.status(tenant: nil)).contract)
    },
    "db.schema": { operations, parameters, _ throws(RuntimeError) in
      try parameters.finish()
      return Answer(try operations.runtime.schema().contract)
    },
    "db.check": { operations, parameters, _ throws(RuntimeError) in
      try parameters.finish()
      let faults = try operations.runtime.check()
      return Answer(
        .document("check", [("sound", .bool(faults.isEmpty)), ("faults", .array(faults.map(JSONValue.string)))]))
    },
  ]
}
