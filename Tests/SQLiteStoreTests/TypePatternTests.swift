import Testing

@testable import SQLiteStore

@Suite struct TypePatternTests {
  @Test(arguments: [
    ("", ""), ("demo.flow", "demo.flow"), ("demo.%", "demo.*"), ("%", "*"), ("d_mo.%_", "d?mo.*?"),
    ("a*b", "a[*]b"), ("a?b", "a[?]b"), ("a[bc]", "a[[]bc]"), (#"a\_b\%c"#, "a_b%c"), (#"\*\?\["#, "[*][?][[]"),
    (#"\\%"#, #"\*"#), (#"\d"#, "d"), (#"a\"#, #"a\"#), ("ü_é%", "ü?é*"),
  ])
  func likeBecomesGlob(like: String, glob: String) {
    #expect(TypePattern.glob(like) == glob)
  }
}
