import Testing

@testable import CommandLineInterface

@Suite struct TextTests {
  @Test(arguments: [
    ("plain", "plain"), ("a\u{1B}[31mred", "a\\u{1b}[31mred"), ("two\nlines\r\t", "two\\nlines\\r\\t"),
    ("\u{202E}reversed", "\\u{202e}reversed"), ("\u{9B}31m", "\\u{9b}31m"), ("naïve 数", "naïve 数"),
    ("\u{2028}", "\\u{2028}"), ("\u{7F}", "\\u{7f}"),
  ]) func nothingReachesTheTerminalThatCouldSteerIt(_ text: String, _ safe: String) {
    #expect(SafeText.line(text) == safe)
  }

  @Test func wideLettersTakeTwoColumns() {
    #expect(SafeText.width("数据") == 4)
    #expect(SafeText.cut("数据处理", to: 5) == "数据…")
    #expect(SafeText.cut("abcdef", to: 6) == "abcdef")
    #expect(SafeText.cut("abcdefg", to: 6) == "abcde…")
  }

  @Test(
    arguments: [
      (0, "0 ms"), (999, "999 ms"), (1000, "1.0 s"), (4190, "4.1 s"), (61_000, "1 m 1 s"), (3_720_000, "1 h 2 m"),
      (90_000_000, "1 d 1 h"),
    ] as [(Int64, String)]) func durationsAreShort(_ milliseconds: Int64, _ text: String)
  {
    #expect(Quantity.duration(milliseconds: milliseconds) == text)
  }

  @Test func sizesAreShort() {
    #expect(Quantity.bytes(812) == "812 B")
    #expect(Quantity.bytes(4000) == "3.9 KiB")
    #expect(Quantity.bytes(12 << 20) == "12.0 MiB")
    #expect(Quantity.count(1, "run") == "1 run")
    #expect(Quantity.count(0, "run") == "0 runs")
  }

  @Test func colourFollowsChoiceTerminalAndEnvironment() {
    func uses(_ choice: String?, _ isTerminal: Bool, _ environment: [String: String] = [:]) -> Bool {
      Style.usesColor(choice: choice, isTerminal: isTerminal) { environment[$0] }
    }
    #expect(uses(nil, true))
    #expect(!uses(nil, false))
    #expect(!uses("auto", true, ["NO_COLOR": "1"]))
    #expect(uses("auto", true, ["NO_COLOR": ""]))
    #expect(!uses(nil, true, ["TERM": "dumb"]))
    #expect(uses("always", false, ["NO_COLOR": "1"]))
    #expect(!uses("never", true))
  }

  @Test func columnsAlignAndTheLastIsCutOnlyOnATerminal() {
    var table = Table([.init("NAME"), .init("N", alignsRight: true), .init("TEXT")])
    table.add(["a", "5", "short"])
    table.add(["longer", "123", "a text that is too long"])
    #expect(
      table.text(Style()) == """
        NAME      N  TEXT
        a         5  short
        longer  123  a text that is too long

        """)
    #expect(table.text(Style(width: 25)).split(separator: "\n")[2] == "longer  123  a text that…")
    #expect(!table.text(Style(showsHeadings: false)).contains("NAME"))
  }

  @Test func colouredCellsKeepTheirColumns() {
    var table = Table([.init("S"), .init("T")])
    table.add([.init("ok", .green), "x"])
    #expect(table.text(Style(usesColor: true, showsHeadings: false)) == "\u{1B}[32mok\u{1B}[0m  x\n")
  }

  @Test func errorsHaveCodeEvidenceAndFix() {
    let text = Renderer.error(code: "CLO-X001", message: "what\nevidence\n\n", fix: "do this", style: Style())
    #expect(text == "error[CLO-X001]: what\n   | evidence\n  = fix: do this\n")
  }
}
