package import WorkflowStore

/// One thing every store must do, by name.
package struct StoreCheck: Sendable, CustomStringConvertible {
  /// A sentence that says what holds.
  package let name: String
  private let body: @Sendable (inout Bench) throws -> Void

  init(_ name: String, _ body: @escaping @Sendable (inout Bench) throws -> Void) {
    self.name = name
    self.body = body
  }

  package var description: String { name }

  /// Holds a fresh, empty store to the check, and then to its own search for faults.
  ///
  /// - Parameters:
  ///   - makeStore: opens the store. It takes the time from batches and parameters, not from a clock.
  ///   - sql: runs plain SQL in the database of the store opened last.
  /// - Throws: ``ConformanceFailure`` when the store does not conform; what the store throws unexpectedly.
  package func run(
    _ makeStore: () throws -> any WorkflowStore, sql: @escaping (String) throws -> Void
  ) throws {
    var bench = Bench(store: try makeStore(), sql: sql)
    defer { bench.store.close() }
    try body(&bench)
    if !bench.isClosed { try expectEqual(try bench.store.check(), [], "faults found after the check") }
  }

  /// Every check. A store passes all of them or does not conform.
  package static let all: [StoreCheck] = [
    packageChecks, activationChecks, submissionChecks, claimChecks, claimFilterChecks, shareChecks,
    leaseChecks, fencingChecks, leadChecks, sweepChecks, scheduleChecks, retentionChecks, historyChecks, resumeChecks,
    endingChecks, permitChecks, offerChecks, versionChecks, settlingChecks, pinChecks, definitionChecks, canaryChecks,
    quarantineChecks, drainingChecks,
    removalChecks, swapChecks, swapCourseChecks, auditChecks, ruleChecks, canaryRuleChecks, takenChecks, collectChecks,
    nodeChecks,
    nodeHostChecks, stagingChecks,
    retryChecks, repairVersionChecks, migrationChecks, upgradeChecks, queryChecks, eventChecks, questionChecks,
    lifeChecks, stateChecks,
  ].flatMap(\.self)
}

/// What a store did that it must not do.
package struct ConformanceFailure: Error, CustomStringConvertible {
  package let description: String
}

func expect(_ condition: Bool, _ what: String, file: StaticString = #fileID, line: UInt = #line) throws {
  if !condition { throw ConformanceFailure(description: "\(what) (\(file):\(line))") }
}

func expectEqual<Value: Equatable>(
  _ value: Value, _ wanted: Value, _ what: String, file: StaticString = #fileID, line: UInt = #line
) throws {
  try expect(value == wanted, "\(what): \(value) instead of \(wanted)", file: file, line: line)
}

/// The value, or a failure when there is none.
func unwrap<Value>(
  _ value: Value?, _ what: String, file: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  guard let value else { throw ConformanceFailure(description: "\(what) is missing (\(file):\(line))") }
  return value
}

/// Expects `body` to fail with `code` and returns the message.
@discardableResult func expectError(
  _ code: StoreError.Code, file: StaticString = #fileID, line: UInt = #line, _ body: () throws -> Void
) throws -> String {
  do { try body() } catch let error as StoreError {
    try expect(error.code == code, "\(error) instead of \(code.rawValue)", file: file, line: line)
    return error.message
  }
  throw ConformanceFailure(description: "no error instead of \(code.rawValue) (\(file):\(line))")
}
