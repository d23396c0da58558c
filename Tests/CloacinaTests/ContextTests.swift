import Cloacina
import Testing

@Suite struct ContextTests {
  @Test func literalsAreWrittenAsJSON() {
    let context: WorkflowContext = ["rows": 5, "nested": ["a": [1, 2.5, "x", true, nil]], "rows": 6]
    #expect(context.json == #"{"nested":{"a":[1,2.5,"x",true,null]},"rows":6}"#)
    #expect(WorkflowContext(["b": 2, "a": "\"\n"]).json == #"{"a":"\"\n","b":2}"#)
    #expect(WorkflowContext() == [:] && WorkflowContext().json == "{}")
    #expect(ContextValue(Double.infinity).isNull)
  }

  @Test func textIsKeptByteForByte() throws {
    let text = #"{ "amount" : 1.50, "huge": 1e400, "key": 9007199254740993 }"#
    let context = try WorkflowContext(json: text)
    #expect(context.json == text)
    #expect(context["amount"]?.json == "1.50" && context["huge"]?.json == "1e400")
    #expect(context["key"]?.integer == 9_007_199_254_740_993)
    #expect(context.names == ["amount", "huge", "key"] && context["nothing"] == nil)
  }

  @Test func valuesAreReadAsWhatTheyAre() throws {
    let value = try ContextValue(json: #"{"n":null,"t":"x","l":[1,2],"o":{"k":true},"d":0.5}"#)
    #expect(value["n"]?.isNull == true && value["t"]?.text == "x" && value["o"]?["k"]?.bool == true)
    #expect(value["l"]?.elements == [1, 2] && value["d"]?.double == 0.5 && value["d"]?.integer == nil)
    #expect(value["t"]?.double == nil && value["l"]?["k"] == nil && value.names == ["n", "t", "l", "o", "d"])
  }

  @Test(arguments: ["[1]", "{\"a\":1,\"a\":2}", "{\"a\":1,}", "{", "null"])
  func whatIsNoObjectIsRefused(_ text: String) {
    let error = #expect(throws: CloacinaError.self) { try WorkflowContext(json: text) }
    #expect(error?.code == "CLO-E009" && error?.kind == .invalid && error?.message.contains("at byte") == true)
  }

  @Test func namesAreChecked() throws {
    let name = try TaskNamespace("public::demo::flow::first")
    #expect(name == (try TaskNamespace(tenant: "public", package: "demo", workflow: "flow", task: "first")))
    #expect((name.tenant, name.package, name.workflow, name.task) == ("public", "demo", "flow", "first"))
    #expect(name < (try TaskNamespace("public::demo::flow::second")))
    let error = #expect(throws: CloacinaError.self) { try TaskNamespace("public::demo::flow") }
    #expect(error?.code == "CLO-N004")
    #expect(PackageID("abc") == nil && PackageID(String(repeating: "a", count: 64))?.short == "aaaaaaaaaaaa")
  }
}
