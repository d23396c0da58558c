extension TaskDefinition {
  /// What this engine cannot do of what the task declares, as a clause; nil when it can do everything.
  ///
  /// A declared ability that is not there refuses the package: it must never be quietly left out.
  package var unsupportedFeature: String? {
    if defers { return "task '\(id)' defers, and this executor cannot call it again later" }
    if let tag = tags.first { return "task '\(id)' needs a node with the tag '\(tag)', and this executor has no tags" }
    if !concurrencyKey.isEmpty, concurrencyLimit > 0 {
      return "task '\(id)' limits how many share the key '\(concurrencyKey)', and this executor keeps no such limits"
    }
    return nil
  }
}
