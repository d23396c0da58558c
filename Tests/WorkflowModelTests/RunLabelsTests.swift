import Testing

@testable import WorkflowModel

@Suite struct RunLabelsTests {
  private func mistake(_ texts: [String]) -> String? {
    do throws(LabelError) { _ = try RunLabels(parsing: texts) } catch { return error.description }
    return nil
  }

  @Test func labelsBecomeOneObjectInOrderOfTheirNames() throws {
    let labels = try RunLabels(parsing: ["team=data", "customer=ac\"me=1", "x/y.z-1="])
    #expect(String(decoding: labels.json, as: UTF8.self) == #"{"customer":"ac\"me=1","team":"data","x/y.z-1":""}"#)
    #expect(RunLabels().json == [])
  }

  @Test(arguments: [
    (["team"], "write name=value"), (["=x"], "no name"), (["te am=x"], "no name"), (["a=1", "a=2"], "given twice"),
    (["a=\u{7}"], "control characters"), (["a=" + String(repeating: "x", count: 257)], "at most 256 bytes"),
    ([String(repeating: "n", count: 64) + "=x"], "no name"), ((0..<33).map { "n\($0)=x" }, "at most 32 labels"),
  ]) func whatIsNoLabelIsRefused(_ texts: [String], _ says: String) {
    #expect(mistake(texts)?.contains(says) == true, "\(texts): \(mistake(texts) ?? "taken")")
  }
}
