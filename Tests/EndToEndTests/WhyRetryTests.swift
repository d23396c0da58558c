import Foundation
import Testing
import WorkflowModel

extension EndToEnd {
  @Suite struct WhyRetryTests {
    @Test func aRunThatSucceededAtLastSaysWhatWasTriedAgain() throws {
      let workspace = try Workspace()
      let archive = try workspace.retryingLedger(
        after: 1,
        """
        if (call->task.count == 6 && call->attempt == 1) {
          cloacina_text reason = TEXT("no answer");
          call->explain(call, reason);
          return CLOACINA_RETRY;
        }
        """)
      _ = try workspace.json("package", "register", archive, "--activate")
      let daemon = try workspace.serve()
      let id = try #require(try workspace.json("start", "chain", "--wait", "--timeout", "60")["id"]?.text)
      let why = try workspace.json("why", id)
      #expect(why.findingCodes == ["succeeded", "retried", "version"], "\(why.json)")
      #expect(
        why.finding("retried")?["because"]?.text == "task 'second' was tried again and succeeded in attempt 2 of 3")
      #expect(why.finding("retried")?["evidence"]?.json.contains("error: no answer") == true, "\(why.json)")
      _ = try workspace.json("run", "retry", id, "--from", "third")
      #expect(try workspace.waitForEnd(id) == "succeeded")
      let again = try workspace.json("why", id)
      #expect(again.findingCodes == ["succeeded", "retried", "retried", "version"], "\(again.json)")
      #expect(again.finding("retried")?["because"]?.text?.hasPrefix("it was over and was opened again at") == true)
      #expect(again.finding("retried")?["evidence"]?.json.contains("from third, on 1.0.0; done again: third") == true)
      workspace.stop(daemon)
    }

    @Test func aRunThatWasMovedAwayAndOpenedAgainKnowsWhichOfThemCounts() throws {
      let workspace = try Workspace()
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      _ = try workspace.json("package", "register", try workspace.ledger("1.1.0"))
      let id = try #require(try workspace.json("start", "chain")["id"]?.text)
      _ = try workspace.json("run", "migrate", id, "--to", "1.1.0")
      let moved = try workspace.json("why", id)
      let because = moved.finding("version")?["because"]?.text ?? ""
      #expect(because.hasPrefix("it runs on 1.1.0 because it was moved there at"), "\(because)")
      #expect(because.hasSuffix(", on request"), "\(because)")
      _ = try workspace.json("run", "cancel", id)
      _ = try workspace.json("run", "retry", id, "--on", "1.0.0")
      let back = try workspace.json("why", id)
      #expect(back.findingCodes == ["no_node", "retried", "version"], "\(back.json)")
      #expect(
        back.finding("version")?["because"]?.text?
          .hasPrefix("it runs on 1.0.0 because it was opened again on that version at") == true, "\(back.json)")
    }
  }
}
