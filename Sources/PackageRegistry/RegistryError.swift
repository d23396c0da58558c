package import PackageArchive
package import PackageHost
package import WorkflowModel
package import WorkflowStore

/// Why a package was not registered or activated; nothing has changed when it is thrown.
package enum RegistryError: Error, Sendable {
  /// The archive breaks a rule of the format.
  case archive(ArchiveError)
  /// The library could not be loaded, or is not what its manifest says.
  case host(HostError)
  /// A workflow's graph cannot be run.
  case graph(workflow: String, GraphError)
  case store(StoreError)
  /// A probe of these bytes failed not long ago; they are not tried again for a while.
  case quarantined(QuarantineRecord)
  /// No such package or version; the sentence says what there is.
  case notFound(String)
}

extension PackageRegistry {
  /// A question to the store, on the calling thread.
  func read<Value>(_ body: (any WorkflowStore) throws(StoreError) -> Value) throws(RegistryError) -> Value {
    do throws(StoreError) { return try body(store) } catch { throw .store(error) }
  }

  /// A write, on the committing thread, ahead of queued batches.
  func write<Value: Sendable>(
    _ body: @escaping @Sendable (any WorkflowStore) throws(StoreError) -> Value
  ) throws(RegistryError) -> Value {
    do throws(StoreError) { return try commits.perform(body) } catch { throw .store(error) }
  }
}
