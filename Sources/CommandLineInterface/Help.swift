import WorkflowModel

/// Help texts, made from the ``Grammar``.
package enum Help {
  /// The help of the whole program.
  package static var program: String {
    let width = Grammar.verbs.map(\.name.count).max() ?? 0
    let commands = Grammar.verbs.map { "  \(pad($0.name, width))  \($0.summary)" }
    return """
      Dynamic packages of durable workflows.

      Usage: \(Grammar.program) COMMAND [OPERANDS] [OPTIONS]

      Commands:
      \(commands.joined(separator: "\n"))

      Options of every command that has a use for them:
      \(table(Grammar.globalFlags))

      Output: table (default, for people), json (one document), jsonl (one object a line), id (ids only).
      Fields of json and jsonl are a contract: docs/cli-json.md.

      Database: --db, else CLOACINA_DB, else DATABASE_URL, else [database] url in ./cloacina.toml, else
      cloacina/cloacina.db under XDG_DATA_HOME (~/.local/share). A command talks to the daemon that serves a
      database file; without one it opens the file itself. A database on a server may have many nodes, and commands
      work on it beside them.

      Exit codes: 0 success · 1 usage, validation or a local file · 2 daemon or database out of reach ·
      3 not found · 5 refused · 6 the run waited for failed or was cancelled · 7 --timeout was up ·
      8 package rejected · 10 changes, with --detailed-exitcode · 70 internal error · 130, 143 interrupted, terminated

      Help of one command: \(Grammar.program) COMMAND --help

      """
  }

  /// The help of one command.
  package static func text(for verb: Verb) -> String {
    let operands = verb.operands.map { $0.isOptional ? "[\($0.name)]" : $0.name }
    let usage = ([Grammar.program, verb.name] + operands + ["[OPTIONS]"]).joined(separator: " ")
    var sections = ["\(verb.summary).", "Usage: \(usage)"]
    if !verb.operands.isEmpty {
      let width = verb.operands.map(\.name.count).max() ?? 0
      sections.append(
        "Operands:\n" + verb.operands.map { "  \(pad($0.name, width))  \($0.help)" }.joined(separator: "\n"))
    }
    if !verb.flags.isEmpty { sections.append("Options:\n" + table(verb.flags)) }
    let own = Set(verb.flags.map(\.name))
    sections.append("Common options:\n" + table(verb.allFlags.filter { !own.contains($0.name) }))
    sections += verb.details
    sections.append(
      "Examples:\n" + verb.examples.map { "  \(Grammar.program) \($0)" }.joined(separator: "\n"))
    return sections.joined(separator: "\n\n") + "\n"
  }

  /// The help of a noun: its verbs.
  static func text(ofNoun noun: String) -> String {
    let verbs = Grammar.verbs(of: noun)
    let width = verbs.map(\.name.count).max() ?? 0
    let lines = verbs.map { "  \(pad($0.name, width))  \($0.summary)" }.joined(separator: "\n")
    return """
      Usage: \(Grammar.program) \(noun) VERB [OPERANDS] [OPTIONS]

      Commands:
      \(lines)

      Help of one command: \(Grammar.program) \(noun) VERB --help

      """
  }

  /// The help that `help WORDS…` asks for.
  static func text(of words: [String]) throws(UsageError) -> String {
    let words = words.filter { !$0.hasPrefix("-") }
    if words.isEmpty { return program }
    if words.count == 1, Grammar.nouns.contains(words[0]) { return text(ofNoun: words[0]) }
    let (verb, rest) = try Parser.verb(in: words)
    guard rest.isEmpty else {
      throw UsageError("there is no command '\(words.joined(separator: " "))'", fix: "\(Grammar.program) --help")
    }
    return text(for: verb)
  }

  private static func table(_ flags: [Flag]) -> String {
    let names = flags.map { flag in
      (flag.short.map { "-\($0), " } ?? "    ") + "--\(flag.name)" + value(of: flag)
    }
    let width = names.map(\.count).max() ?? 0
    return zip(names, flags).map { name, flag in
      let choices = flag.name == "output" && !flag.choices.isEmpty ? ": \(flag.choices.joined(separator: ", "))" : ""
      return "  \(pad(name, width))  \(flag.help)\(choices)"
    }.joined(separator: "\n")
  }

  private static func value(of flag: Flag) -> String {
    guard let value = flag.value else { return "" }
    return flag.isValueOptional ? "[=\(value)]" : " \(value)"
  }

  private static func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
