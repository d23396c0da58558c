extension TaskDefinition {
  /// What this engine cannot do of what the task declares, as a clause; nil when it can do everything.
  ///
  /// A declared ability that is not there refuses the package: it must never be quietly left out.
  package var unsupportedFeature: String? {
    defers ? "task '\(id)' defers, and this executor cannot call it again later" : nil
  }
}
