/// A command line that makes sense: a command, its operands and its options.
package struct Invocation: Sendable {
  package var verb: Verb
  package var operands: [String]
  var values: [String: String]
  var switches: Set<String>
  /// Values of options that may be given several times.
  var repeated: [String: [String]] = [:]

  init(verb: Verb, operands: [String] = [], values: [String: String] = [:], switches: Set<String> = []) {
    self.verb = verb
    self.operands = operands
    self.values = values
    self.switches = switches
  }

  /// The value of an option, if it was given.
  package subscript(flag: String) -> String? { values[flag] }

  /// The number an option was given; the parser has checked that it is one.
  package func number(_ flag: String) -> Int? { values[flag].flatMap { Int($0) } }

  /// True when the option was given, with a value or as a switch.
  package func has(_ flag: String) -> Bool {
    switches.contains(flag) || values[flag] != nil || repeated[flag] != nil
  }

  /// Every value of an option that may be given several times, in order.
  package func all(_ flag: String) -> [String] { repeated[flag] ?? [] }

  /// The elements of a list, each once, in the order they were given; empty when the option was not given.
  package func list(_ flag: String) -> [String] {
    var elements: [String] = []
    for element in values[flag].map(Flag.elements) ?? [] where !elements.contains(element) { elements.append(element) }
    return elements
  }

  /// `--tenant`, or the default.
  package var tenant: String { values["tenant"] ?? "public" }

  /// `--output`, or the command's default.
  package var format: String { values["output"] ?? verb.formats[0] }
}

/// What a command line asks for.
package enum Request: Sendable {
  case run(Invocation)
  /// Print this text and succeed.
  case help(String)
}

/// Why a command line makes no sense.
package struct UsageError: Error, Sendable, Equatable {
  package var message: String
  package var fix: String

  package init(_ message: String, fix: String) {
    self.message = message
    self.fix = fix
  }
}
