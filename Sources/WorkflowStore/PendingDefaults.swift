package import WorkflowModel

extension WorkflowStore {
  package var isShared: Bool { false }
  package func lead(_ duty: Duty, node: String, leaseMilliseconds: Int64, now: Timestamp) throws(StoreError) -> Int64? {
    1
  }
  package func resign(node: String) throws(StoreError) {}
  package func report(_ node: NodeReport, leaseMilliseconds: Int64, now: Timestamp) throws(StoreError) -> NodeState {
    .ready
  }
  package func forgetNode(bootID: String) throws(StoreError) {}
  package func nodes(now: Timestamp) throws(StoreError) -> [NodeRecord] { [] }
  package func setNode(name: String, wanted: NodeState) throws(StoreError) {}
  package func reportStaged(_ package: NodePackage) throws(StoreError) {}
  package func staged(_ digest: PackageDigest) throws(StoreError) -> [NodePackage] { [] }
  package func wantedPackages() throws(StoreError) -> [PackageDigest] { [] }
  package func listen(_ receive: @escaping @Sendable (Set<StoreNews>) -> Void) throws(StoreError) {}
  package func announce(_ news: Set<StoreNews>) {}
}
