import PackageHost
import PackageRegistry
import WorkflowModel
import WorkflowStore

extension HostPool {
  /// Every host that has not ended, as it is at this moment, by package and version. Reads the memory of each process.
  var statuses: [HostStatus] {
    let statuses = residents.map { resident -> HostStatus in
      let (load, descriptor) = (resident.host.load, resident.host.descriptor)
      var status = HostStatus(
        package: descriptor.name, version: descriptor.version, digest: resident.digest,
        isolation: load.isolation.rawValue, processID: load.processID, calls: load.callsServed,
        replacements: load.replacements)
      status.inFlight = load.callsInFlight
      status.memory = load.processID.flatMap(ProcessMemory.resident)
      (status.startedAt, status.lastUsedAt) = (load.startedAt, load.lastUsedAt)
      status.isRetired = resident.isRetired
      status.enforcesPermissions = load.enforcesPermissions
      return status
    }
    return statuses.sorted { ($0.package, $0.version, $0.startedAt) < ($1.package, $1.version, $1.startedAt) }
  }
}
