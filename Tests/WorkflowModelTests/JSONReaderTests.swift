import Testing

@testable import WorkflowModel

/// What RFC 8259 allows and forbids, told to the reader and to the scanner.
@Suite struct JSONReaderTests {
  static let accepted = [
    "0", "-0", "0e1", "0E+1", "1.50", "-12.25e-7", "1e400", "123456789012345678901234567890", "0.0", "1E9",
    "true", "false", "null", "\"\"", "\"a\\u0041\\n\\/\\\\\\\"\"", "\"\\uD83D\\uDE00\"", "\"\\ud834\\udd1e\"",
    "\"\u{7F}\"", "\"é\u{1F600}\u{10FFFF}\u{E000}\u{FFFF}\"", "[]", "[ ]", "[1,[2],{}]", "{}", "{ }",
    "{\"a\":1,\"A\":2}", "\t\r\n [ 1 , 2 ] \n", "{\"\":0}", "{\"a\" : { \"a\" : [ null ] } }", "\"\\u0000\"",
    "{\"\u{212A}\":1,\"K\":2}", "{\"e\u{301}\":1,\"\u{E9}\":2}", "\"01234567890123456789\\t0123456789\"",
  ]

  static let refused: [(text: String, offset: Int)] = [
    ("", 0), (" ", 1), ("01", 1), ("-01", 2), (".5", 0), ("1.", 2), ("1.e3", 2), ("+1", 0), ("1e", 2), ("1e+", 3),
    ("-", 1), ("--1", 1), ("0x10", 1), ("1 2", 2), ("NaN", 0), ("Infinity", 0), ("-Infinity", 1), ("tru", 0),
    ("True", 0), ("nul", 0), ("falsey", 5), ("[1,]", 3), ("[,1]", 1), ("[1", 2), ("[1 2]", 3), ("]", 0), ("[", 1),
    ("{\"a\":1,}", 7), ("{,}", 1), ("{\"a\"}", 4), ("{\"a\":}", 5), ("{\"a\" 1}", 5), ("{a:1}", 1), ("{'a':1}", 1),
    ("{\"a\":1 \"b\":2}", 7), ("{\"a\":1", 6), ("{1:2}", 1), ("{", 1), ("}", 0), ("\"", 0), ("\"abc", 0), ("'a'", 0),
    ("\"\\", 2), ("\"\\x\"", 2), ("\"\\u12\"", 5), ("\"\\u12G4\"", 5), ("\"\\uD800\"", 3), ("\"\\uDC00\"", 3),
    ("\"\\uD800\\u0041\"", 3), ("\"\\uD800x\"", 3), ("\"\\uDBFF\\uDBFF\"", 3), ("\"\n\"", 1), ("\"\t\"", 1),
    ("\"\u{0}\"", 1), ("\"a\u{1F}\"", 2), ("\"12345678\u{1}\"", 9), ("\u{FEFF}{}", 0), ("// c\n1", 0), ("1 /* c */", 2),
    ("\u{A0}1", 0), ("\u{0B}1", 0), ("{\"a\":1,\"a\":2}", 7), ("{\"a\":1,\"\\u0061\":2}", 7),
    ("[{\"b\":{\"c\":1,\"c\":1}}]", 13), ("{\"\":1,\"\":2}", 6), ("[1]]", 3), ("{}{}", 2), ("\"a\" \"b\"", 4),
  ]

  /// Bytes that are no UTF-8, inside quotation marks.
  static let badBytes: [[UInt8]] = [
    [0x80], [0xBF], [0xC0, 0xAF], [0xC1, 0xBF], [0xC2], [0xC2, 0x41], [0xE0, 0x80, 0xAF], [0xE0, 0x9F, 0xBF],
    [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xE2, 0x82], [0xE2, 0x28, 0xA1], [0xF0, 0x80, 0x80, 0x80],
    [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80],
    [0xFE], [0xFF], [0xF0, 0x9F, 0x98], [0xE2, 0x82, 0xE2, 0x82, 0xAC],
  ]

  @Test(arguments: accepted) func reads(_ text: String) throws {
    _ = try JSONReader.read(text)
    // As a member, at every alignment to the scanner's words of eight bytes.
    for padding in 0..<9 {
      let name = String(repeating: "n", count: padding)
      let object = try JSONObjectText(Array("{\"\(name)\":\(text)}".utf8))
      #expect(object.names == [name])
      let value = try #require(object.value(of: name))
      #expect(String(decoding: value, as: UTF8.self) == text.trimmingJSONSpace)
    }
  }

  @Test(arguments: refused) func refuses(_ text: String, _ offset: Int) throws {
    let error = #expect(throws: JSONError.self) { try JSONReader.read(text) }
    #expect(error?.offset == offset, "\(error.map(String.init(describing:)) ?? "")")
    // The scanner stops at the same byte, unless it is the end of the text, where it finds the closing brace.
    let prefix = "{\"m\":"
    let scanned = #expect(throws: JSONError.self) { try JSONObjectText(Array("\(prefix)\(text)}".utf8)) }
    guard text.utf8.count > offset else { return }
    #expect(scanned?.offset == offset + prefix.utf8.count)
    // What follows a whole value is, inside an object, a missing comma.
    #expect(scanned?.message == (error?.message == "text after the value" ? "',' was expected" : error?.message))
  }

  @Test(arguments: badBytes) func refusesWhatIsNoUTF8(_ bytes: [UInt8]) {
    for padding in 0..<9 {
      let quoted = [0x22] + Array(repeating: 0x61, count: padding) + bytes + Array("\"".utf8)
      #expect(throws: JSONError.self) { try JSONReader.read(quoted) }
      #expect(throws: JSONError.self) { try JSONObjectText(Array("{\"a\":".utf8) + quoted + Array("}".utf8)) }
      #expect(throws: JSONError.self) { try JSONObjectText(Array("{".utf8) + quoted + Array(":1}".utf8)) }
    }
  }

  @Test func nestsTo128() throws {
    func arrays(_ depth: Int) -> String { String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
    func objects(_ depth: Int) -> String {
      String(repeating: "{\"a\":", count: depth) + "1" + String(repeating: "}", count: depth)
    }
    _ = try JSONReader.read(arrays(128))
    _ = try JSONReader.read(objects(128))
    _ = try JSONObjectText(Array(objects(128).utf8))
    _ = try JSONObjectText(Array("{\"a\":\(arrays(127))}".utf8))
    #expect(throws: JSONError("nesting deeper than 128", at: 128)) { try JSONReader.read(arrays(129)) }
    #expect(throws: JSONError("nesting deeper than 128", at: 640)) { try JSONReader.read(objects(129)) }
    #expect(throws: JSONError("nesting deeper than 128", at: 640)) { try JSONObjectText(Array(objects(129).utf8)) }
    #expect(throws: JSONError.self) { try JSONObjectText(Array("{\"a\":\(arrays(128))}".utf8)) }
  }

  @Test func decodesEscapes() throws {
    let value = try JSONReader.read(#""\u0041\ud83d\ude00\b\f\n\r\t\/\\\"\u00e9""#)
    #expect(value == .string("A😀\u{8}\u{C}\n\r\t/\\\"é"))
  }

  @Test func keepsNumbersAsWritten() throws {
    for text in ["1e400", "9007199254740993", "1.10", "-0", "123456789012345678901234567890.5E-3"] {
      #expect(try JSONReader.read(text) == .number(text))
      #expect(try JSONReader.read(text).json == text)
    }
    #expect(try JSONReader.read("9007199254740993").integer == 9_007_199_254_740_993)
    #expect(try JSONReader.read("1.0").integer == nil)
  }

  @Test func keepsDuplicatesWhenAsked() throws {
    let value = try JSONReader.read(#"{"a":1,"a":2}"#, refuseDuplicates: false)
    #expect(value.members?.count == 2)
    #expect(value["a"] == .number("1"))
  }

  @Test func tellsEquivalentNamesApart() throws {
    let value = try JSONReader.read("{\"e\u{301}\":1,\"\u{E9}\":2,\"\u{212A}\":3}")
    #expect(value["\u{E9}"] == .number("2"))
    #expect(value["K"] == nil)
  }

  @Test func findsDuplicatesAmongMany() throws {
    let members = (0..<500).map { "\"k\($0)\":\($0)" }.joined(separator: ",")
    #expect(try JSONObjectText(Array("{\(members)}".utf8)).names.count == 500)
    let error = #expect(throws: JSONError.self) { try JSONObjectText(Array("{\(members),\"k\\u0037\":1}".utf8)) }
    #expect(error == JSONError("'k7' occurs twice", at: members.utf8.count + 2))
  }

  @Test func writesWhatItReads() throws {
    let text = #"{"a":[1,2.50,"x\n\u0001\"\\"],"b":{"c":null,"d":true}}"#
    #expect(try JSONReader.read(text).json == text)
  }
}

extension String {
  var trimmingJSONSpace: String {
    var text = Substring(self)
    while let first = text.unicodeScalars.first, " \t\r\n".unicodeScalars.contains(first) {
      text.unicodeScalars.removeFirst()
    }
    while let last = text.unicodeScalars.last, " \t\r\n".unicodeScalars.contains(last) {
      text.unicodeScalars.removeLast()
    }
    return String(text)
  }
}
