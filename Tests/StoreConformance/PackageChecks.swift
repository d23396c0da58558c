import WorkflowModel
import WorkflowStore

extension StoreCheck {
  static let packageChecks: [StoreCheck] = [
    StoreCheck("a package is kept with every field, its archive and its workflows") { bench in
      let archive = [UInt8]((0...255).map { UInt8($0) })
      let first = try bench.register("demo", "1.0.0", "a", workflows: ["zeta", "alpha"], archive: archive)
      try expectEqual(first, PackageRegistration(created: true, record: bench.record("demo", "1.0.0", "a")), "answer")
      try expectEqual(try bench.store.package(digest: Bench.digest("a")), first.record, "record")
      try expectEqual(try bench.store.archive(digest: Bench.digest("a")), archive, "archive")
      let workflows = try bench.store.workflows(tenant: "public", package: "demo")
      try expectEqual(workflows.map(\.name), ["zeta", "alpha"], "workflows, in order of declaration")
      try expectEqual(workflows[0].definition, Array(#"{"name":"zeta"}"#.utf8), "definition")
      try expectEqual(workflows[0].version, "1.0.0", "version of a workflow")
      try expectEqual(workflows[0].digest, Bench.digest("a"), "digest of a workflow")
    },
    StoreCheck("an empty archive stays empty") { bench in
      try bench.register("demo", "1.0.0", "a", archive: [])
      try expectEqual(try bench.store.archive(digest: Bench.digest("a")), [], "archive")
    },
    StoreCheck("registering the same digest again changes nothing") { bench in
      let first = try bench.register("demo", "1.0.0", "a")
      let second = try bench.register("demo", "1.0.0", "a", at: bench.now + 5000)
      try expectEqual(second, PackageRegistration(created: false, record: first.record), "second registration")
      try expectEqual(try bench.store.packages(tenant: "public", name: nil).count, 1, "packages")
      try expectEqual(try bench.store.workflows(tenant: "public", package: nil).count, 1, "workflows")
    },
    StoreCheck("the same name and version with other bytes is refused, naming both digests") { bench in
      try bench.register("demo", "1.0.0", "a")
      let message = try expectError(.packageConflict) { try bench.register("demo", "1.0.0", "b") }
      for letter: Character in ["a", "b"] {
        try expect(message.contains(Bench.digest(letter).hex), "the message names \(letter): \(message)")
      }
      try expect(try bench.store.package(digest: Bench.digest("b")) == nil, "the refused package is not there")
      try expect(try bench.store.archive(digest: Bench.digest("b")) == nil, "the refused archive is not there")
    },
    StoreCheck("versions are listed newest registration first") { bench in
      for (index, version) in ["1.0.0", "2.0.0", "1.5.0"].enumerated() {
        try bench.register("demo", version, ["a", "b", "c"][index], at: bench.now + Int64(index))
      }
      try bench.register("other", "1.0.0", "d")
      let versions = try bench.store.packages(tenant: "public", name: "demo").map(\.version)
      try expectEqual(versions, ["1.5.0", "2.0.0", "1.0.0"], "versions")
      try expectEqual(try bench.store.packages(tenant: "public", name: nil).count, 4, "all packages")
    },
    StoreCheck("tenants do not see each other's packages, and may hold the same ones") { bench in
      try bench.prepareDemo(tenant: "red")
      try expectEqual(try bench.store.packages(tenant: "blue", name: nil), [], "packages of another tenant")
      try expectEqual(try bench.store.workflows(tenant: "blue", package: nil), [], "workflows of another tenant")
      try expect(try bench.store.activation(tenant: "blue", package: "demo") == nil, "activation of another tenant")
      let again = try bench.register("demo", "1.0.0", "a", tenant: "blue")
      try expect(again.created && again.record.tenant == "blue", "the same digest for another tenant")
      try bench.register("demo", "2.0.0", "b", tenant: "blue")
      try expectError(.notFound) { try bench.activate("demo", "b", tenant: "red") }
    },
    StoreCheck("what is not registered is not found") { bench in
      try expect(try bench.store.package(digest: Bench.digest("a")) == nil, "package")
      try expect(try bench.store.archive(digest: Bench.digest("a")) == nil, "archive")
      try expectEqual(try bench.store.packages(tenant: "public", name: "demo"), [], "versions")
      try expectEqual(try bench.store.workflows(tenant: "public", package: "demo"), [], "workflows")
      try expect(try bench.store.activation(tenant: "public", package: "demo") == nil, "activation")
      try expectEqual(try bench.store.activations(tenant: nil), [], "activations")
    },
  ]

  static let activationChecks: [StoreCheck] = [
    StoreCheck("each change of the active version raises the epoch by one") { bench in
      try bench.prepareDemo()
      try bench.register("demo", "1.1.0", "b")
      let second = try bench.activate("demo", "b")
      try expectEqual(second.epoch, 2, "epoch")
      try expectEqual(second.version, "1.1.0", "version")
      try expectEqual(second.previous, Bench.digest("a"), "previous")
      try expectEqual(try bench.store.activation(tenant: "public", package: "demo"), second, "activation read back")
      try expectEqual(try bench.activate("demo", "b"), second, "activating the active version")
      try expectEqual(try bench.store.activations(tenant: "public"), [second], "activations")
      try expectEqual(try bench.store.activations(tenant: nil), [second], "activations of all tenants")
      try expectEqual(try bench.store.activations(tenant: "other"), [], "activations of another tenant")
    },
    StoreCheck("an unregistered digest, or one of another package, is not activated") { bench in
      try bench.prepareDemo()
      try bench.register("other", "1.0.0", "c")
      try expectError(.notFound) { try bench.activate("demo", "9") }
      try expectError(.notFound) { try bench.activate("demo", "c") }
      try expectEqual(try bench.store.activation(tenant: "public", package: "demo")?.epoch, 1, "epoch")
    },
    StoreCheck("rolling back walks the chain of activations to its beginning") { bench in
      try bench.prepareDemo()
      for (letter, version): (Character, String) in [("b", "1.1.0"), ("c", "1.2.0")] {
        try bench.register("demo", version, letter)
        try bench.activate("demo", letter)
      }
      let first = try bench.rollBack()
      try expectEqual([first.digest, first.previous], [Bench.digest("b"), Bench.digest("a")], "first step")
      let second = try bench.rollBack()
      try expectEqual([second.digest, second.previous], [Bench.digest("a"), nil], "second step")
      try expectEqual([first.epoch, second.epoch], [4, 5], "epochs")
      try expectEqual(second.version, "1.0.0", "version")
      try expectError(.notFound) { try bench.rollBack() }
      try expectEqual(try bench.store.activation(tenant: "public", package: "demo"), second, "what stays active")
    },
    StoreCheck("an activation after a roll back is undone to what the roll back had chosen") { bench in
      try bench.prepareDemo()
      try bench.register("demo", "1.1.0", "b")
      try bench.register("demo", "1.2.0", "c")
      try bench.activate("demo", "b")
      try bench.rollBack()
      try expectEqual(try bench.activate("demo", "c").previous, Bench.digest("a"), "previous")
      let back = try bench.rollBack()
      try expectEqual(back.digest, Bench.digest("a"), "rolled back to")
    },
    StoreCheck("a package that was never activated cannot be rolled back") { bench in
      try bench.register("demo", "1.0.0", "a")
      try expectError(.notFound) { try bench.rollBack() }
      try bench.activate("demo", "a")
      try expectError(.notFound) { try bench.rollBack() }
    },
  ]
}
