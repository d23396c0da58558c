import WorkflowModel

extension Parser {
  /// The command that `arguments` name, and the arguments without its words.
  ///
  /// Options of all commands may stand before the words: `cloacina-ctl --db sqlite:x.db run list`.
  static func verb(in arguments: [String]) throws(UsageError) -> (Verb, [String]) {
    var rest = arguments
    guard let first = nextWord(in: rest, from: 0) else {
      if let flag = arguments.first(where: { $0.hasPrefix("-") }) { throw strayFlag(flag) }
      throw UsageError("no command is given", fix: "\(Grammar.program) --help")
    }
    var words = [rest.remove(at: first)]
    var position = first
    guard Grammar.verbs.contains(where: { $0.path[0] == words[0] }) else { throw unknownWord(words[0], arguments) }
    while true {
      if let verb = Grammar.verbs.first(where: { $0.path == words }) { return (verb, rest) }
      let known = Parser.words(after: words)
      let said = words.joined(separator: " ")
      guard let next = nextWord(in: rest, from: position) else {
        throw UsageError(
          "'\(said)' needs a verb: \(known.joined(separator: ", "))", fix: "\(Grammar.program) \(words[0]) --help")
      }
      let word = rest.remove(at: next)
      guard known.contains(word) else {
        throw UsageError(
          "'\(said)' has no verb '\(word)'\(Suggestion.hint(for: word, in: known))",
          fix: "use one of \(known.joined(separator: ", "))")
      }
      words.append(word)
      position = next
    }
  }

  /// The words that may follow these, each once.
  private static func words(after words: [String]) -> [String] {
    var known: [String] = []
    for verb in Grammar.verbs where verb.path.count > words.count && Array(verb.path.prefix(words.count)) == words {
      let word = verb.path[words.count]
      if !known.contains(word) { known.append(word) }
    }
    return known
  }

  /// A text when the arguments ask for the help of the program or of a noun.
  static func helpTopic(_ arguments: [String]) -> (() throws(UsageError) -> String)? {
    let isAsked = arguments.contains("--help") || arguments.contains("-h")
    if arguments.first == "help" { return { () throws(UsageError) in try Help.text(of: Array(arguments.dropFirst())) } }
    guard isAsked, !arguments.contains("--") else { return nil }
    let words = arguments.filter { !$0.hasPrefix("-") }
    if words.isEmpty { return { () throws(UsageError) in Help.program } }
    if words.count == 1, Grammar.nouns.contains(words[0]) {
      return { () throws(UsageError) in Help.text(ofNoun: words[0]) }
    }
    return nil
  }

  /// Index of the next argument that is neither an option of all commands nor the value of one.
  private static func nextWord(in arguments: [String], from start: Int) -> Int? {
    var index = start
    while index < arguments.count {
      let argument = arguments[index]
      guard argument.hasPrefix("-"), argument != "-" else { return index }
      if argument == "--" { return nil }
      let flag = Grammar.globalFlags.first { "--\($0.name)" == argument || $0.short.map { "-\($0)" } == argument }
      index += flag?.value == nil ? 1 : 2
    }
    return nil
  }

  private static func strayFlag(_ flag: String) -> UsageError {
    let name = String(flag.split(separator: "=")[0])
    let known = Grammar.globalFlags.map { "--\($0.name)" }
    if flag == "--version" || flag == "-V" {
      return UsageError("there is no option '\(flag)'", fix: "\(Grammar.program) version")
    }
    guard !known.contains(name), flag.hasPrefix("--") else {
      return UsageError("no command is given", fix: "\(Grammar.program) --help")
    }
    return UsageError(
      "there is no option '\(name)'\(Suggestion.hint(for: name, in: known))", fix: "\(Grammar.program) --help")
  }

  private static func unknownWord(_ word: String, _ arguments: [String]) -> UsageError {
    let single = Grammar.verbs.filter { $0.path.count == 1 }.map(\.name)
    if let hint = Suggestion.nearest(to: word, in: single + Grammar.nouns) {
      return UsageError("there is no command '\(word)'; did you mean '\(hint)'?", fix: "\(Grammar.program) --help")
    }
    // A verb without its noun: 'activate' for 'package activate'.
    let full = Grammar.verbs.first { $0.path.last == word }.map { "; did you mean '\($0.name)'?" } ?? ""
    return UsageError("there is no command '\(word)'\(full)", fix: "\(Grammar.program) --help")
  }
}
