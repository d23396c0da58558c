package import WorkflowModel
package import WorkflowStore

extension SQLiteStore {
  /// False: one process owns the file.
  package var isShared: Bool { false }

  package var connections: ConnectionUse? { nil }

  package func lead(
    _ duty: Duty, node: String, leaseMilliseconds: Int64, now: Timestamp
  ) throws(StoreError) -> Int64? {
    try write { writer throws(StoreError) in
      try writer.grant { () throws(StoreError) in
        try writer.nodes.lead(duty, node, until: now + leaseMilliseconds, now: now)
      }
    }
  }

  package func resign(node: String) throws(StoreError) {
    try write { writer throws(StoreError) in
      try writer.write { () throws(StoreError) in try writer.nodes.resign(node) }
    }
  }

  package func report(
    _ node: NodeReport, leaseMilliseconds: Int64, now: Timestamp
  ) throws(StoreError) -> NodeState {
    try write { writer throws(StoreError) in
      try writer.grant { () throws(StoreError) in
        try writer.nodes.report(node, until: now + leaseMilliseconds, now: now)
      }
    }
  }

  package func forgetNode(bootID: String) throws(StoreError) {
    try write { writer throws(StoreError) in
      try writer.write { () throws(StoreError) in try writer.nodes.forget(bootID) }
    }
  }

  package func nodes(now: Timestamp) throws(StoreError) -> [NodeRecord] {
    try ask { questions throws(StoreError) in try questions.nodes.nodes(now: now) }
  }

  package func setNode(name: String, wanted: NodeState) throws(StoreError) {
    try write { writer throws(StoreError) in
      try writer.write { () throws(StoreError) in try writer.nodes.setNode(name, wanted) }
    }
  }

  package func reportStaged(_ package: NodePackage) throws(StoreError) {
    try write { writer throws(StoreError) in
      try writer.write { () throws(StoreError) in try writer.nodes.reportStaged(package) }
    }
  }

  package func staged(_ digest: PackageDigest) throws(StoreError) -> [NodePackage] {
    try ask { questions throws(StoreError) in try questions.nodes.staged(digest) }
  }

  package func wantedPackages(now: Timestamp) throws(StoreError) -> [PackageDigest] {
    try ask { questions throws(StoreError) in try questions.nodes.wantedPackages(now: now) }
  }

  /// Nobody else works on this database, so there is no news to hear.
  package func listen(_ receive: @escaping @Sendable (Set<StoreNews>) -> Void) throws(StoreError) {}

  /// Nobody else works on this database, so there is nobody to tell.
  package func announce(_ news: Set<StoreNews>) {}
}
