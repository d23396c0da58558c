package import WorkflowModel
package import WorkflowStore

extension PostgresStore {
  package var isShared: Bool { true }

  package func lead(
    _ duty: Duty, node: String, leaseMilliseconds: Int64, now: Timestamp
  ) throws(StoreError) -> Int64? {
    let parameters = time(now)
    parameters.add(duty.rawValue).add(node).add(leaseMilliseconds)
    let rows = try ask(NodeStatements.lead, parameters)
    return rows.count == 0 ? nil : rows.int(0, 0)
  }

  package func resign(node: String) throws(StoreError) {
    _ = try ask(NodeStatements.resign, Parameters().add(node))
  }

  package func report(
    _ node: NodeReport, leaseMilliseconds: Int64, now: Timestamp
  ) throws(StoreError) -> NodeState {
    let parameters = time(now).add(leaseMilliseconds)
    parameters.add(node.bootID).add(node.name).add(node.host).add(Int64(node.processID)).add(node.version)
    parameters.add(texts: node.tags).add(texts: node.types)
    parameters.add(Int64(node.slots)).add(Int64(node.slotsBusy)).add(Int64(node.runsHeld)).add(node.state.rawValue)
    parameters.add(time: node.startedAt).add(raw: node.connections?.json.bytes).add(raw: node.hosts.json.bytes)
    parameters.add(raw: node.care?.json.bytes).add(raw: node.images?.json.bytes)
    return NodeState(rawValue: try ask(NodeStatements.report, parameters).text(0, 0)) ?? .ready
  }

  package func forgetNode(bootID: String) throws(StoreError) {
    _ = try ask([
      Command(NodeStatements.forget, Parameters().add(bootID)),
      Command(NodeStatements.forgetPackages, Parameters().add(bootID)),
    ])
  }

  package func nodes(now: Timestamp) throws(StoreError) -> [NodeRecord] {
    try ask(NodeStatements.list, time(now)).records { rows, row in
      var report = NodeReport(
        bootID: rows.text(row, 0), name: rows.text(row, 1), host: rows.text(row, 2), processID: Int(rows.int(row, 3)),
        version: rows.text(row, 4), tags: rows.texts(row, 5), types: rows.texts(row, 6), slots: Int(rows.int(row, 7)),
        slotsBusy: Int(rows.int(row, 8)), runsHeld: Int(rows.int(row, 9)),
        state: NodeState(rawValue: rows.text(row, 10)) ?? .ready, startedAt: rows.time(row, 11))
      report.connections = (try? JSONReader.read(rows.bytes(row, 15))).flatMap(ConnectionUse.init(json:))
      report.hosts = HostStatus.list(json: rows.bytes(row, 17))
      report.care = (try? JSONReader.read(rows.bytes(row, 19))).flatMap(CareStatus.init(json:))
      report.images = (try? JSONReader.read(rows.bytes(row, 20))).flatMap(ImageUse.init(json:))
      var record = NodeRecord(
        report: report, wanted: NodeState(rawValue: rows.text(row, 12)) ?? .ready, heartbeatAt: rows.time(row, 13),
        isAlive: rows.flag(row, 14))
      record.silentMilliseconds = rows.int(row, 18)
      record.leads = rows.texts(row, 16).compactMap(Duty.init(rawValue:))
      return record
    }
  }

  package func setNode(name: String, wanted: NodeState) throws(StoreError) {
    let rows = try ask(NodeStatements.order, Parameters().add(name).add(wanted.rawValue))
    guard rows.count == 0 else { return }
    let known = try ask(NodeStatements.names, Parameters()).records { $0.text($1, 0) }
    throw StoreError(
      .notFound,
      "there is no node '\(name)'; " + (known.isEmpty ? "no node serves" : "there are \(known.joined(separator: ", "))")
    )
  }

  package func reportStaged(_ package: NodePackage) throws(StoreError) {
    let parameters = Parameters().add(package.bootID).add(package.digest.hex).add(package.node)
    parameters.add(package.failure.map(PlainText.storable)).add(time: package.at).add(time: package.probedAt)
    _ = try ask(NodeStatements.stage, parameters.add(package.epoch))
  }

  package func staged(_ digest: PackageDigest) throws(StoreError) -> [NodePackage] {
    try ask(NodeStatements.staged, Parameters().add(digest.hex)).records { rows, row in
      NodePackage(
        bootID: rows.text(row, 0), node: rows.text(row, 1), digest: digest, failure: rows.optionalText(row, 2),
        at: rows.time(row, 3), probedAt: rows.optionalTime(row, 4), epoch: rows.int(row, 5))
    }
  }

  package func wantedPackages(now: Timestamp) throws(StoreError) -> [PackageDigest] {
    let rows = try ask(NodeStatements.wanted, time(now))
    return try rows.map { row throws(StoreError) in try rows.digest(row, 0) }
  }
}
