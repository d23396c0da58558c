package import WorkflowModel

/// What a look outside a transaction found of one package: the versions with their runs in flight, which are counted
/// by nobody who holds a lock, and the swaps that have not ended.
package struct PackageLook: Sendable, Equatable {
  package var tenant: String
  package var package: String
  package var versions: [UnsettledVersion] = []
  package var swaps: [SwapRecord] = []

  package init(tenant: String, package: String) {
    self.tenant = tenant
    self.package = package
  }

  /// The looks at all packages of which something was found, by tenant and name.
  package static func all(_ versions: [UnsettledVersion], _ swaps: [SwapRecord]) -> [PackageLook] {
    var looks: [[String]: PackageLook] = [:]
    func add(_ tenant: String, _ package: String, _ add: (inout PackageLook) -> Void) {
      add(&looks[[tenant, package], default: PackageLook(tenant: tenant, package: package)])
    }
    for version in versions { add(version.record.tenant, version.record.name) { $0.versions.append(version) } }
    for swap in swaps { add(swap.tenant, swap.package) { $0.swaps.append(swap) } }
    return looks.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
  }

  /// Whether there is something to be brought into line.
  package func needsSettling(at now: Timestamp) -> Bool {
    versions.contains { $0.event != nil } || swaps.contains { mayEnd($0, at: now) }
  }

  /// Whether a swap's time is over, or what it waits for has happened.
  private func mayEnd(_ swap: SwapRecord, at now: Timestamp) -> Bool {
    guard !swap.isOverdue(at: now), swap.step == .drain else { return swap.isOverdue(at: now) }
    guard let from = swap.from, from != swap.to else { return true }
    return versions.first { $0.record.digest == from }?.record.state != .draining
  }

  /// The versions as a transaction finds them, with the runs in flight of this look; a version whose state has changed
  /// since is left to the next one.
  func completing(_ standing: [UnsettledVersion]) -> [UnsettledVersion] {
    let seen = Dictionary(versions.map { ($0.record.digest, $0) }) { first, _ in first }
    return standing.compactMap { version in
      guard let before = seen[version.record.digest], before.record.state == version.record.state,
        before.record.stateSince == version.record.stateSince
      else { return nil }
      var version = version
      version.hasRunsInFlight = before.hasRunsInFlight
      return version
    }
  }
}
