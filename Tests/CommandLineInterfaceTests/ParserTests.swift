import Testing

@testable import CommandLineInterface

@Suite struct ParserTests {
  private func invocation(_ arguments: String...) throws -> Invocation {
    guard case .run(let invocation) = try Parser.parse(arguments) else { throw Unexpected.help }
    return invocation
  }

  private func mistake(_ arguments: String...) -> UsageError? {
    do throws(UsageError) { _ = try Parser.parse(arguments) } catch { return error }
    return nil
  }

  private enum Unexpected: Error { case help }

  @Test(arguments: Grammar.verbs.map(\.name)) func everyVerbHasHelpInAllItsSpellings(_ name: String) throws {
    let words = name.split(separator: " ").map(String.init)
    for arguments in [words + ["--help"], words + ["-h"], ["help"] + words, words + ["--quiet", "-h"]] {
      guard case .help(let text) = try Parser.parse(arguments) else {
        Issue.record("\(arguments) is no help")
        continue
      }
      #expect(text.contains("Usage: cloacina-ctl \(name)"))
      #expect(text.contains("Examples:\n  cloacina-ctl \(name)"))
    }
  }

  @Test func helpNamesEveryOptionOfItsVerb() {
    for verb in Grammar.verbs {
      for flag in verb.allFlags { #expect(Help.text(for: verb).contains("--\(flag.name)"), "\(verb.name)") }
    }
  }

  @Test func helpOfTheProgramNamesEveryVerb() throws {
    for arguments in [["--help"], ["-h"], ["help"], ["--quiet", "--help"]] {
      guard case .help(let text) = try Parser.parse(arguments) else {
        Issue.record("\(arguments) is no help")
        continue
      }
      for verb in Grammar.verbs { #expect(text.contains("  \(verb.name) ")) }
    }
    for noun in Grammar.nouns {
      guard case .help(let text) = try Parser.parse([noun, "--help"]) else {
        Issue.record("\(noun) --help is no help")
        continue
      }
      for verb in Grammar.verbs(of: noun) { #expect(text.contains(verb.name)) }
    }
  }

  /// Words of an example as a shell would split them; examples quote with ' only.
  private func split(_ example: String) -> [String] {
    var words: [String] = []
    for (index, piece) in example.split(separator: "'", omittingEmptySubsequences: false).enumerated() {
      words += index % 2 == 1 ? [String(piece)] : piece.split(separator: " ").map(String.init)
    }
    return words
  }

  @Test func everyExampleIsACommandLineThatMakesSense() throws {
    for verb in Grammar.verbs {
      #expect(!verb.examples.isEmpty, "\(verb.name) has no example")
      for example in verb.examples {
        guard case .run(let invocation) = try Parser.parse(split(example)) else {
          Issue.record("'\(example)' is no command")
          continue
        }
        #expect(invocation.verb.name == verb.name)
      }
    }
  }

  @Test func everyVerbRefusesAnUnknownOptionAndOneOperandTooMany() {
    for verb in Grammar.verbs {
      let operands = verb.operands.map { _ in "x" }
      #expect(throws: UsageError.self, "\(verb.name)") { try Parser.parse(verb.path + operands + ["--no-such"]) }
      #expect(throws: UsageError.self, "\(verb.name)") { try Parser.parse(verb.path + operands + ["-Z"]) }
      #expect(throws: UsageError.self, "\(verb.name)") { try Parser.parse(verb.path + operands + ["more"]) }
      if verb.operands.contains(where: { !$0.isOptional }) {
        #expect(throws: UsageError.self, "\(verb.name)") { try Parser.parse(verb.path) }
      }
    }
  }

  @Test func everyOptionWithAValueNeedsOne() {
    for verb in Grammar.verbs {
      let operands = verb.operands.map { _ in "x" }
      for flag in verb.allFlags where flag.isValueOptional {
        #expect(throws: UsageError.self, "\(verb.name)") {
          try Parser.parse(verb.path + operands + ["--\(flag.name)="])
        }
      }
      for flag in verb.allFlags where flag.value != nil && !flag.isValueOptional {
        for tail in [["--\(flag.name)"], ["--\(flag.name)", "--quiet"], ["--\(flag.name)="]] {
          #expect(throws: UsageError.self, "\(verb.name) \(tail)") { try Parser.parse(verb.path + operands + tail) }
        }
      }
      for flag in verb.allFlags where flag.value == nil && flag.name != "help" {
        #expect(throws: UsageError.self, "\(verb.name)") {
          try Parser.parse(verb.path + operands + ["--\(flag.name)=yes"])
        }
      }
    }
  }

  @Test(arguments: [
    (["strt"], "did you mean 'start'?"), (["run", "lst"], "did you mean 'list'?"),
    (["pakage", "list"], "did you mean 'package'?"), (["activate", "x"], "did you mean 'package activate'?"),
    (["start", "x", "--wiat"], "did you mean '--wait'?"),
    (["run", "list", "--stauts", "failed"], "did you mean '--status'?"),
    (["run", "list", "--status", "faild"], "did you mean 'failed'?"),
    (["version", "-o", "jsn"], "did you mean 'json'?"),
  ]) func misspellingsAreRecognised(_ arguments: [String], _ hint: String) {
    var message = ""
    do throws(UsageError) { _ = try Parser.parse(arguments) } catch { message = error.message }
    #expect(message.contains(hint), "\(arguments): \(message)")
  }

  @Test func optionsAreTakenInEverySpelling() throws {
    let spellings = [
      ["run", "list", "-o", "json", "--limit", "5"], ["run", "list", "-ojson", "--limit=5"],
      ["-o", "json", "run", "list", "--limit", "5"], ["run", "--output=json", "list", "--limit", "5"],
    ]
    for arguments in spellings {
      guard case .run(let invocation) = try Parser.parse(arguments) else { throw Unexpected.help }
      #expect(invocation.format == "json")
      #expect(invocation.number("limit") == 5)
    }
    let several = try invocation("run", "list", "-qojsonl")
    #expect(several.has("quiet"))
    #expect(several.format == "jsonl")
  }

  @Test func verbsMayHaveThreeWords() throws {
    #expect(try invocation("package", "quarantine", "clear", "hello@1.0.0").operands == ["hello@1.0.0"])
    #expect(try invocation("package", "--db", "sqlite:x", "quarantine", "list").verb.name == "package quarantine list")
    #expect(mistake("package", "quarantine")?.message == "'package quarantine' needs a verb: list, clear")
    #expect(mistake("package", "quarantine", "cler")?.message.contains("did you mean 'clear'?") == true)
  }

  @Test func whatASwapWouldNotHeedIsRefused() {
    #expect(mistake("package", "register", "x.cloacina", "--allow-downgrade")?.message.contains("--activate") == true)
    #expect(mistake("package", "register", "x.cloacina", "--wait")?.message.contains("--activate") == true)
    #expect(mistake("package", "canary", "x", "--end", "--percent", "5")?.message.contains("contradict") == true)
  }

  @Test func twoDashesEndTheOptions() throws {
    #expect(try invocation("start", "--", "--wait").operands == ["--wait"])
    #expect(try !invocation("start", "--", "--wait").has("wait"))
    #expect(try invocation("run", "show", "--", "--help").operands == ["--help"])
  }

  @Test func aDashIsAValueAndTheOperandsOfTwoVerbsDiffer() throws {
    #expect(try invocation("start", "x", "--input", "-")["input"] == "-")
    let build = try invocation("package", "build", "dir", "-o", "out.cloacina", "--output", "json")
    #expect(build["file"] == "out.cloacina")
    #expect(build.format == "json")
    #expect(try invocation("package", "list", "-o", "id").format == "id")
  }

  @Test func optionsThatWouldDoNothingAreErrors() throws {
    #expect(mistake("version", "--db", "sqlite:x")?.message.contains("no use for") == true)
    #expect(mistake("db", "status", "--tenant", "x")?.message.contains("no use for") == true)
    #expect(mistake("start", "x", "--timeout", "5")?.fix == "add --wait")
    #expect(mistake("start", "x", "--idempotency-key", "k", "--count", "2") != nil)
    #expect(mistake("run", "list", "-q", "-v") != nil)
    #expect(mistake("run", "list", "--limit", "1", "--limit", "2")?.message.contains("twice") == true)
    #expect(mistake("status", "-o", "id") != nil)
    #expect(mistake("db", "migrate", "--show-sql")?.fix == "add --dry-run")
    #expect(mistake("start", "x", "--key-field", "id")?.fix == "add --input-lines")
    #expect(mistake("node", "drain", "n", "--timeout", "5")?.fix == "add --wait")
    #expect(mistake("package", "register", "x.cloacina", "--when-staged")?.fix == "add --activate")
    #expect(mistake("package", "register", "x.cloacina", "--rollback-on", "p99 > 2s for 30s")?.fix == "add --activate")
    let activate = try invocation("package", "activate", "x@1.0.0", "--rollback-on", "p99 > 2s for 30s")
    #expect(activate["rollback-on"] == "p99 > 2s for 30s")
    for other in [["--input", "{}"], ["--count", "2"], ["--idempotency-key", "k"]] {
      #expect(throws: UsageError.self) { try Parser.parse(["start", "x", "--input-lines", "f"] + other) }
    }
  }

  @Test(arguments: ["0", "-1", "x", "1.5", "10001", "99999999999999999999"]) func numbersHaveRanges(_ text: String) {
    #expect(mistake("run", "list", "--limit=\(text)")?.fix == "give a whole number from 1 to 10000")
  }

  @Test func aValueThatMayBeLeftOutIsNeverTheNextArgument() throws {
    let plain = try invocation("package", "activate", "--when-staged", "hello@1.1.0")
    #expect(plain.operands == ["hello@1.1.0"])
    #expect(plain.has("when-staged"))
    #expect(plain.number("when-staged") == nil)
    let timed = try invocation("package", "activate", "hello@1.1.0", "--when-staged=120")
    #expect(timed.has("when-staged"))
    #expect(timed.number("when-staged") == 120)
    #expect(mistake("package", "activate", "hello@1.1.0", "--when-staged=soon") != nil)
    #expect(
      mistake("package", "activate", "hello@1.1.0", "--when-staged=5", "--when-staged")?.message.contains("twice")
        == true)
    #expect(Help.text(for: plain.verb).contains("--when-staged[=SECONDS]  "))
  }

  @Test func listsAreSplitAtCommas() throws {
    let serve = try invocation("serve", "--tags", "gpu, eu,gpu", "--types", "billing.%,etl.%")
    #expect(serve.list("tags") == ["gpu", "eu"])
    #expect(serve.list("types") == ["billing.%", "etl.%"])
    #expect(try invocation("serve").list("tags") == [])
    for text in [",", "a,,b", "a,", " ", "a, ,b"] {
      #expect(mistake("serve", "--tags=\(text)")?.message.contains("empty element") == true, "\(text)")
    }
  }

  @Test func aNounAloneListsItsVerbs() {
    #expect(mistake("db")?.message == "'db' needs a verb: migrate, status, check")
    #expect(mistake()?.message == "no command is given")
  }
}
