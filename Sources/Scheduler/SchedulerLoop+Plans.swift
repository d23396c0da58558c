import WorkflowModel

/// A workflow of a version.
struct PlanKey: Hashable, Sendable {
  var digest: PackageDigest
  var workflow: String
}

extension SchedulerLoop {
  /// The graph of a workflow of a version, asked for once while it is used.
  func resolve(_ digest: PackageDigest, _ workflow: String) -> WorkflowResolution {
    let key = PlanKey(digest: digest, workflow: workflow)
    if let known = plans.use(key) { return known }
    let resolution = resolver(digest, workflow)
    // What could not be had now may be had later.
    if case .resolved = resolution { plans.keep(resolution, for: key) }
    return resolution
  }
}
