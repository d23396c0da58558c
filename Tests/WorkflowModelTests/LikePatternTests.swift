import Testing

@testable import WorkflowModel

@Suite struct LikePatternTests {
  @Test(arguments: [
    ("billing.close", "billing.%", true), ("billing.close", "billing", false), ("billing", "billing", true),
    ("billing.close", "%close", true), ("billing.close", "%.%", true), ("billing.close", "b_lling%", true),
    ("billing.close", "%", true), ("", "%", true), ("", "", true), ("a", "", false), ("", "_", false),
    ("aXbXc", "%X%c", true), ("aaab", "%aab", true), ("aaab", "a%a%a%a%", false), ("ab", "A%", false),
    ("50%", "50\\%", true), ("505", "50\\%", false), ("a_b", "a\\_b", true), ("axb", "a\\_b", false),
    ("a\\", "a\\", true), ("abcabd", "%abd", true),
  ]) func aPatternTakesWhatSQLTakes(_ text: String, _ pattern: String, _ wanted: Bool) {
    #expect(LikePattern.matches(text, pattern) == wanted, "'\(text)' LIKE '\(pattern)'")
  }
}
