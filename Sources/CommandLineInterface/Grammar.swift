/// The whole command language; parser, help and tests read it, so that they cannot disagree.
package enum Grammar {
  /// Name of the program in help texts.
  package static let program = "cloacina-ctl"

  /// Options of every command, except where a command has no use for `--db` or `--tenant`.
  package static let globalFlags = [
    Flag("db", value: "URL", "database, for example sqlite:flows.db (see 'Database' in \(program) --help)"),
    Flag("tenant", value: "NAME", "tenant whose packages and runs are meant (default: public)"),
    Flag("output", short: "o", value: "FORMAT", "how results are printed"),
    Flag(
      "color", value: "WHEN", choices: ["auto", "always", "never"],
      "colour in tables: auto (default; honours NO_COLOR), always, never"),
    Flag("quiet", short: "q", "no notes and no table headings, only results and errors"),
    Flag("verbose", short: "v", "say how the engine was reached, and log in detail, on standard error"),
    Flag("help", short: "h", "show this help"),
  ]

  /// Every command, in the order of the help.
  package static let verbs =
    packageVerbs + planVerbs + versionVerbs + workflowVerbs + runVerbs + whyVerbs + scheduleVerbs + nodeVerbs
    + auditVerbs + engineVerbs

  /// First words that are followed by others.
  package static var nouns: [String] {
    var nouns: [String] = []
    for verb in verbs where verb.path.count > 1 && !nouns.contains(verb.path[0]) { nouns.append(verb.path[0]) }
    return nouns
  }

  /// The commands under a noun.
  package static func verbs(of noun: String) -> [Verb] { verbs.filter { $0.path.count > 1 && $0.path[0] == noun } }

  static let items = ["table", "json", "jsonl", "id"]
}
