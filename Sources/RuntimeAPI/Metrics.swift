package import CloacinaRuntime
package import Telemetry
import WorkflowModel
import WorkflowStore

/// What an engine counts, from one ``RuntimeStatus``.
package enum Metrics {
  /// Every family that has values, in a fixed order.
  package static func families(_ status: RuntimeStatus) -> [MetricFamily] {
    (engine(status) + runs(status) + nodes(status) + hosts(status) + care(status)).filter { !$0.samples.isEmpty }
  }

  private static func engine(_ status: RuntimeStatus) -> [MetricFamily] {
    var info = MetricFamily("cloacina_build_info", .gauge, "Version of the process that answers; always 1.")
    info.add(1, [("version", status.version), ("engine", status.engine)])
    guard let member = status.member else { return [info] }
    return [
      info,
      gauge("cloacina_start_time_seconds", "Start of this process, in seconds since 1970.", seconds(status.startedAt)),
      gauge("cloacina_slots", "Calls this process may run at once.", Double(status.slots)),
      gauge("cloacina_slots_busy", "Calls this process runs now.", Double(status.slotsBusy)),
      gauge("cloacina_runs_held", "Runs in the memory of this process.", Double(member.runsHeld)),
      gauge("cloacina_offers_open", "Tasks of runs held here that any node may take.", Double(member.offersOpen)),
      gauge("cloacina_takes_held", "Tasks of other nodes' runs that run here.", Double(member.takesHeld)),
      gauge(
        "cloacina_tasks_waiting_for_permits", "Tasks that wait for others with their concurrency key.",
        Double(member.waitingForPermits)),
    ]
  }

  private static func runs(_ status: RuntimeStatus) -> [MetricFamily] {
    var runs = MetricFamily("cloacina_runs", .gauge, "Runs in the database, by status.")
    for word in RunStatus.allCases { runs.add(status.counts.runs[word] ?? 0, [("status", word.rawValue)]) }
    var inFlight = MetricFamily("cloacina_runs_in_flight", .gauge, "Runs that are not over, by package version.")
    for count in status.counts.inFlight {
      inFlight.add(count.count, [("package", count.package), ("version", count.version)])
    }
    var active = MetricFamily("cloacina_active_version_info", .gauge, "Versions that new runs take; always 1.")
    for activation in status.activations {
      active.add(
        1,
        [
          ("tenant", activation.tenant), ("package", activation.package), ("version", activation.version),
          ("digest", activation.digest.short),
        ])
    }
    return [
      runs, inFlight,
      gauge(
        "cloacina_runs_unserved", "Pending runs whose type no active package serves.", Double(status.counts.unserved)),
      active,
    ]
  }

  private static func nodes(_ status: RuntimeStatus) -> [MetricFamily] {
    var nodes = MetricFamily("cloacina_nodes", .gauge, "Living nodes of the database, by state.")
    var slots = MetricFamily("cloacina_node_slots", .gauge, "Calls a node may run at once.")
    var busy = MetricFamily("cloacina_node_slots_busy", .gauge, "Calls a node ran when it last reported.")
    var held = MetricFamily("cloacina_node_runs_held", .gauge, "Runs in a node's memory when it last reported.")
    for node in status.nodes where node.isAlive {
      let labels = [("node", node.report.name)]
      nodes.add(1, [("state", node.report.state.rawValue)])
      slots.add(node.report.slots, labels)
      busy.add(node.report.slotsBusy, labels)
      held.add(node.report.runsHeld, labels)
    }
    return [nodes, slots, busy, held] + connections(status.nodes.filter(\.isAlive))
  }

  private static func connections(_ nodes: [NodeRecord]) -> [MetricFamily] {
    var open = MetricFamily("cloacina_connections_open", .gauge, "Open connections of a node's pool for questions.")
    var limit = MetricFamily("cloacina_connections_limit", .gauge, "Connections a node's pool may open.")
    var waiting = MetricFamily("cloacina_connections_waiting", .gauge, "Threads of a node that wait for a connection.")
    var waits = MetricFamily("cloacina_connection_waits_total", .counter, "Times a thread waited for a connection.")
    var refusals = MetricFamily("cloacina_connection_refusals_total", .counter, "Times it waited in vain.")
    for node in nodes {
      guard let use = node.report.connections else { continue }
      let labels = [("node", node.report.name)]
      open.add(use.open, labels)
      limit.add(use.limit, labels)
      waiting.add(use.waiting, labels)
      waits.add(use.waits, labels)
      refusals.add(use.refusals, labels)
    }
    return [open, limit, waiting, waits, refusals]
  }

  /// Of every node that reports them; of this process as they are now.
  private static func hosts(_ status: RuntimeStatus) -> [MetricFamily] {
    var memory = MetricFamily("cloacina_runner_memory_bytes", .gauge, "Resident memory of a runner process.")
    var started = MetricFamily(
      "cloacina_host_start_time_seconds", .gauge, "Start of a host's process, in seconds since 1970.")
    var used = MetricFamily(
      "cloacina_host_last_used_time_seconds", .gauge, "End of a host's last call, in seconds since 1970.")
    var calls = MetricFamily("cloacina_host_calls_total", .counter, "Calls a host has served.")
    var inFlight = MetricFamily("cloacina_host_calls_in_flight", .gauge, "Calls that run or wait in a host.")
    var replaced = MetricFamily(
      "cloacina_host_replacements_total", .counter, "Processes of a host that ended unexpectedly.")
    for (labels, host) in labelledHosts(status) {
      if let bytes = host.memory { memory.add(bytes, labels) }
      // Times are not added up: hosts that look alike share the first one's.
      if !started.samples.contains(where: { $0.labels.elementsEqual(labels) { $0 == $1 } }) {
        started.add(seconds(host.startedAt), labels)
        used.add(seconds(host.lastUsedAt), labels)
      }
      calls.add(host.calls, labels)
      inFlight.add(host.inFlight, labels)
      replaced.add(host.replacements, labels)
    }
    return [memory, started, used, calls, inFlight, replaced]
  }

  private static func labelledHosts(_ status: RuntimeStatus) -> [([(String, String)], HostStatus)] {
    let others = status.nodes.filter { $0.isAlive && $0.report.bootID != status.bootID }
    let all =
      status.hosts.map { (status.node, $0) }
      + others.flatMap { node in
        node.report.hosts.map { (node.report.name, $0) }
      }
    return all.map { node, host in
      (
        [
          ("node", node), ("package", host.package), ("version", host.version), ("digest", host.digest.short),
          ("isolation", host.isolation), ("pid", host.processID.map { String($0) } ?? ""),
          ("state", host.isRetired ? "retired" : "serving"),
        ], host
      )
    }
  }

  private static func gauge(_ name: String, _ help: String, _ value: Double) -> MetricFamily {
    var family = MetricFamily(name, .gauge, help)
    family.add(value)
    return family
  }

  private static func seconds(_ time: Timestamp) -> Double { Double(time) / 1000 }
}
