/// Which runs are meant: what `--where` says, as a tree that a store turns into its own language.
///
/// Every node is true or false of every run: a text or a time that a run does not have equals nothing, contains nothing
/// and lies neither before nor after anything.
package indirect enum RunQuery: Sendable, Equatable {
  case all([RunQuery])
  case any([RunQuery])
  case not(RunQuery)
  case text(RunText, TextTest)
  case time(RunTime, Order, Timestamp)
  case priority(Order, Int64)
  /// The run is pinned to the version that is active now.
  case hasActiveVersion

  /// A text of a run.
  package enum RunText: Sendable, Equatable {
    /// The workflow's name without its package.
    case workflow
    case package
    /// `package.workflow`
    case type
    case status
    case version
    case error
    case errorClass
    case id
    case label(String)
  }

  /// What is asked of a text; letters count as they are written.
  package enum TextTest: Sendable, Equatable {
    case isOneOf([String])
    case contains(String)
  }

  /// A time of a run.
  package enum RunTime: String, Sendable, CaseIterable {
    case created, started, ended
  }

  /// How two values compare.
  package enum Order: String, Sendable, CaseIterable {
    case equal = "="
    case less = "<"
    case lessOrEqual = "<="
    case more = ">"
    case moreOrEqual = ">="
  }

  /// The query that `text` spells.
  ///
  /// - Parameter now: what relative times such as `-2h` count from.
  /// - Throws: ``RunQueryError`` with the column of what is wrong and the words that could stand there.
  package init(parsing text: String, now: Timestamp) throws(RunQueryError) {
    var parser = try RunQueryParser(text, now: now)
    self = try parser.query()
  }
}

/// Why a text is no query.
package struct RunQueryError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Counted in letters, from 1.
  package var column: Int
  /// What is wrong there, and what may stand there instead.
  package var message: String

  init(_ column: Int, _ message: String) {
    self.column = column
    self.message = message
  }

  package var description: String { "column \(column): \(message)" }

  /// The message above the query, with a mark below the place it speaks of.
  package func pointing(into query: String) -> String {
    "\(self)\n\(query)\n\(String(repeating: " ", count: column - 1))^"
  }
}
