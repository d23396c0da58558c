import CloacinaKit
import Testing

@Suite struct JSONTests {
  @Test(arguments: [
    "null", "true", "false", "0", "-0", "12", "-1.50", "1e400", "1E+2", "123456789012345678901234567890", "\"\"",
    "\"é 𝄞\"", "[]", "{}", "[1,[2,{}],null]", #"{"a":1,"b":{"c":[true]},"":0}"#, #""\"\\\n\t\r\u0001""#,
  ])
  func textComesBackAsItWas(_ text: String) throws {
    #expect(try JSON(parsing: text).description == text)
    #expect(try JSON(parsing: " \n\(text)\t ").description == text)
  }

  @Test(arguments: [
    "", " ", "nul", "nulll", "True", "01", "1.", ".5", "+1", "-", "1e", "0x1", "NaN", "[1,]", "[,1]", "[1 2]", "[", "]",
    "{\"a\":}", "{\"a\"}", "{a:1}", "{\"a\":1,}", "{,}", "\"", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"",
    "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\u{1}\"", "1 2", "{}{}", "'a'", "\u{FEFF}1",
  ])
  func whatIsNotJSONIsRefused(_ text: String) {
    #expect(throws: JSONParseError.self) { try JSON(parsing: text) }
  }

  @Test func bytesThatAreNotUTF8AreRefused() {
    #expect(throws: JSONParseError.self) { try JSON(parsing: [0x22, 0xFF, 0x22]) }
    #expect(throws: JSONParseError.self) { try JSON(parsing: [0x22, 0xC0, 0x80, 0x22]) }
    #expect(throws: JSONParseError.self) { try JSON(parsing: [0x22, 0x5C, 0x6E, 0xFF, 0x22]) }
  }

  @Test func everyPrefixOfATextIsRefusedWithoutHarm() throws {
    let text = Array(#"{"a":[1.5e3,"x\u00e9\n",true,null],"b":{"c":false}}"#.utf8)
    _ = try JSON(parsing: text)
    for count in 0..<text.count {
      #expect(throws: JSONParseError.self) { try JSON(parsing: Array(text[..<count])) }
    }
  }

  @Test func escapesAreUnderstood() throws {
    #expect(try JSON(parsing: #""a\u00e9\uD834\uDD1E\/b""#).string == "aé𝄞/b")
  }

  @Test func nestingHasALimit() throws {
    func nested(_ depth: Int) -> String { String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
    _ = try JSON(parsing: nested(128))
    #expect(throws: JSONParseError.self) { try JSON(parsing: nested(129)) }
    #expect(throws: JSONParseError.self) { try JSON(parsing: String(repeating: "[", count: 1_000_000)) }
  }

  @Test func valuesAreReadByTypeAndPlace() throws {
    let value: JSON = ["rows": [1, 2.5, "x", true, nil], "name": "n"]
    #expect(value["rows"]?[0]?.int == 1 && value["rows"]?[1]?.double == 2.5 && value["rows"]?[2]?.string == "x")
    #expect(value["rows"]?[3]?.bool == true && value["rows"]?[4] == .null && value["rows"]?[5] == nil)
    #expect(value["none"] == nil && value[0] == nil && value["name"]?["x"] == nil && value["name"]?.int == nil)
    #expect(JSON(Double.infinity) == .null && JSON(UInt64.max).description == "18446744073709551615")
  }
}
