import WorkflowModel

/// Reads a command line by the ``Grammar``.
package struct Parser {
  private let arguments: [String]
  private var position = 0
  /// Set by `--`: what follows are operands.
  private var flagsEnded = false

  /// Reads `arguments`, the program's name left out.
  package static func parse(_ arguments: [String]) throws(UsageError) -> Request {
    if let topic = helpTopic(arguments) { return .help(try topic()) }
    let (verb, rest) = try Parser.verb(in: arguments)
    var parser = Parser(rest)
    return try parser.parse(verb)
  }

  private init(_ arguments: [String]) { self.arguments = arguments }

  private mutating func parse(_ verb: Verb) throws(UsageError) -> Request {
    var invocation = Invocation(verb: verb)
    while position < arguments.count {
      let argument = arguments[position]
      position += 1
      if flagsEnded || argument == "-" || !argument.hasPrefix("-") {
        invocation.operands.append(argument)
      } else if argument == "--" {
        flagsEnded = true
      } else if argument.hasPrefix("--") {
        try readLong(argument, &invocation)
      } else {
        try readShort(argument, &invocation)
      }
    }
    if invocation.has("help") { return .help(Help.text(for: verb)) }
    try checkOperands(invocation)
    try Parser.checkCombinations(invocation)
    return .run(invocation)
  }

  // MARK: Options

  private mutating func readLong(_ argument: String, _ invocation: inout Invocation) throws(UsageError) {
    let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(parts[0])
    guard let flag = invocation.verb.allFlags.first(where: { $0.name == name }) else {
      throw unknown("--\(name)", invocation.verb)
    }
    try take(flag, shown: "--\(name)", parts.count == 2 ? String(parts[1]) : nil, &invocation)
  }

  /// `-o json`, `-ojson` or several switches in one, `-qv`.
  private mutating func readShort(_ argument: String, _ invocation: inout Invocation) throws(UsageError) {
    var letters = argument.dropFirst()
    while let letter = letters.popFirst() {
      guard let flag = invocation.verb.allFlags.first(where: { $0.short == letter }) else {
        throw unknown("-\(letter)", invocation.verb)
      }
      if flag.value == nil {
        try take(flag, shown: "-\(letter)", nil, &invocation)
      } else {
        if letters.first == "=" { letters.removeFirst() }
        try take(flag, shown: "-\(letter)", letters.isEmpty ? nil : String(letters), &invocation)
        return
      }
    }
  }

  private mutating func take(_ flag: Flag, shown: String, _ attached: String?, _ invocation: inout Invocation)
    throws(UsageError)
  {
    let help = "\(Grammar.program) \(invocation.verb.name) --help"
    guard flag.isRepeatable || invocation.values[flag.name] == nil, !invocation.switches.contains(flag.name) else {
      throw UsageError("\(shown) is given twice", fix: "leave out one of the two")
    }
    guard let placeholder = flag.value else {
      guard attached == nil else { throw UsageError("\(shown) takes no value", fix: help) }
      invocation.switches.insert(flag.name)
      return
    }
    if flag.isValueOptional, attached == nil {
      invocation.switches.insert(flag.name)
      return
    }
    let value = if let attached { attached } else { try next(after: shown, placeholder) }
    try check(value, of: flag, shown: shown)
    if flag.isRepeatable {
      invocation.repeated[flag.name, default: []] += flag.isList ? Flag.elements(value) : [value]
    } else {
      invocation.values[flag.name] = value
    }
  }

  /// The argument after an option. What looks like another option is no value; `--name=-value` says it is meant.
  private mutating func next(after shown: String, _ placeholder: String) throws(UsageError) -> String {
    guard position < arguments.count, arguments[position] == "-" || !arguments[position].hasPrefix("-") else {
      throw UsageError("\(shown) needs a value", fix: "write \(shown) \(placeholder)")
    }
    position += 1
    return arguments[position - 1]
  }

  private func check(_ value: String, of flag: Flag, shown: String) throws(UsageError) {
    if value.isEmpty { throw UsageError("\(shown) has an empty value", fix: "write \(shown) \(flag.value ?? "")") }
    if !flag.choices.isEmpty, !flag.choices.contains(value) {
      throw UsageError(
        "\(shown) does not take '\(value)'\(Suggestion.hint(for: value, in: flag.choices))",
        fix: "use one of \(flag.choices.joined(separator: ", "))")
    }
    if flag.isList, Flag.elements(value).contains("") {
      throw UsageError("\(shown) has an empty element in '\(value)'", fix: "write \(shown) \(flag.value ?? "")")
    }
    if let range = flag.range, Int(value).map(range.contains) != true {
      throw UsageError(
        "\(shown) does not take '\(value)'",
        fix: "give a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
  }

  private func unknown(_ flag: String, _ verb: Verb) -> UsageError {
    let known = verb.allFlags.flatMap { ["--\($0.name)"] + ($0.short.map { ["-\($0)"] } ?? []) }
    let isGlobal = Grammar.globalFlags.contains { "--\($0.name)" == flag }
    let hint = flag.count > 2 && !isGlobal ? Suggestion.hint(for: flag, in: known) : ""
    let what = isGlobal ? "has no use for the option" : "has no option"
    return UsageError(
      "'\(verb.name)' \(what) '\(flag)'\(hint)", fix: "\(Grammar.program) \(verb.name) --help")
  }

  // MARK: Operands

  private func checkOperands(_ invocation: Invocation) throws(UsageError) {
    let wanted = invocation.verb.operands
    let help = "\(Grammar.program) \(invocation.verb.name) --help"
    if let missing = wanted.dropFirst(invocation.operands.count).first(where: { !$0.isOptional }) {
      throw UsageError("'\(invocation.verb.name)' needs \(missing.name): \(missing.help)", fix: help)
    }
    if invocation.operands.count > wanted.count {
      throw UsageError(
        "'\(invocation.verb.name)' does not know what to do with '\(invocation.operands[wanted.count])'", fix: help)
    }
    if invocation.operands.contains("") {
      throw UsageError("an operand of '\(invocation.verb.name)' is empty", fix: help)
    }
  }
}
