/// One option of a command: a switch, or a name with a value.
package struct Flag: Sendable, Equatable {
  /// Without the leading dashes.
  package var name: String
  package var short: Character?
  /// What the help calls the value; nil for a switch.
  package var value: String?
  /// The value may be left out; it is given as `--name=value` only.
  package var isValueOptional: Bool
  /// The value is a list with commas; none of its elements may be empty.
  package var isList: Bool
  /// It may be given several times.
  package var isRepeatable: Bool
  package var help: String
  /// The only values taken; empty: any.
  package var choices: [String]
  /// A whole number in this range is asked for.
  package var range: ClosedRange<Int>?

  package init(
    _ name: String, short: Character? = nil, value: String? = nil, isValueOptional: Bool = false,
    isList: Bool = false, isRepeatable: Bool = false, choices: [String] = [], range: ClosedRange<Int>? = nil,
    _ help: String
  ) {
    self.name = name
    self.short = short
    self.value = value
    self.isValueOptional = isValueOptional
    self.isList = isList
    self.isRepeatable = isRepeatable
    self.choices = choices
    self.range = range
    self.help = help
  }
}

extension Flag {
  /// The elements of a list as it is written, without the spaces around them.
  static func elements(_ value: String) -> [String] {
    value.split(separator: ",", omittingEmptySubsequences: false).map { element in
      var element = element.drop { $0 == " " }
      while element.last == " " { element.removeLast() }
      return String(element)
    }
  }
}

/// One argument that is known by its place.
package struct Operand: Sendable, Equatable {
  package var name: String
  package var isOptional: Bool
  package var help: String

  package init(_ name: String, isOptional: Bool = false, _ help: String) {
    self.name = name
    self.isOptional = isOptional
    self.help = help
  }
}

/// One command: its words, what it takes and what it says of itself.
package struct Verb: Sendable {
  /// `["package", "build"]`, or one word.
  package var path: [String]
  package var summary: String
  package var operands: [Operand]
  package var flags: [Flag]
  /// Output formats it can produce, the default first.
  package var formats: [String]
  /// Takes `--db`.
  package var usesDatabase: Bool
  /// Takes `--tenant`.
  package var usesTenant: Bool
  /// Paragraphs after the options.
  package var details: [String]
  /// Commands to copy, without the program's name.
  package var examples: [String]

  package init(
    _ path: String, _ summary: String, operands: [Operand] = [], flags: [Flag] = [],
    formats: [String] = ["table", "json", "jsonl"], usesDatabase: Bool = true, usesTenant: Bool = true,
    details: [String] = [], examples: [String]
  ) {
    self.path = path.split(separator: " ").map(String.init)
    self.summary = summary
    self.operands = operands
    self.flags = flags
    self.formats = formats
    self.usesDatabase = usesDatabase
    self.usesTenant = usesTenant
    self.details = details
    self.examples = examples
  }

  /// The words with spaces between them.
  package var name: String { path.joined(separator: " ") }

  /// Every option it takes, its own before those of all commands.
  package var allFlags: [Flag] {
    let taken = Set(flags.compactMap(\.short))
    return flags
      + Grammar.globalFlags.filter { usesDatabase || $0.name != "db" }.filter { usesTenant || $0.name != "tenant" }
      .map { flag in
        var flag = flag
        if let short = flag.short, taken.contains(short) { flag.short = nil }
        if flag.name == "output" { flag.choices = formats }
        return flag
      }
  }
}
