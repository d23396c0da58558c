import WorkflowModel
import WorkflowStore

extension StoreCheck {
  static let definitionChecks: [StoreCheck] = [
    StoreCheck("the workflows of one version are those that the list of all has of it") { bench in
      try bench.prepareVersions(3)
      let all = try bench.store.workflows(tenant: "public", package: "demo")
      for letter in "abc" {
        let digest = Bench.digest(letter)
        let found = try bench.store.workflows(tenant: "public", digest: digest)
        try expect(!found.isEmpty, "version \(letter) has workflows")
        try expectEqual(found, all.filter { $0.digest == digest }, "workflows of version \(letter)")
      }
      try expectEqual(try bench.store.workflows(tenant: "blue", digest: Bench.digest("a")), [], "another tenant's")
      try expectEqual(try bench.store.workflows(tenant: "public", digest: Bench.digest("f")), [], "an unknown one's")
    }
  ]
}
