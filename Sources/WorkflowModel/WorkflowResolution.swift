/// What a pinned workflow resolves to.
package enum WorkflowResolution: Sendable {
  /// The prepared graph, and the workflow's position in its package's descriptor.
  case resolved(RunPlan, workflowIndex: Int)
  /// The package or workflow cannot be had; the sentence says why.
  case unavailable(String)
  /// It could not be found out now, through no fault of the package; the sentence says why.
  case unknown(String)
}

/// Finds the graph of a workflow of a package version; may read the store.
package typealias WorkflowResolver = @Sendable (PackageDigest, String) -> WorkflowResolution
