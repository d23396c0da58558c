/// What ``VersionKeeping/settleVersions(by:now:)`` changed.
package struct Settlement: Sendable, Equatable {
  /// A package that could not be settled.
  package struct Failure: Sendable, Equatable {
    package var tenant: String
    package var package: String
    package var error: StoreError

    /// `etl of tenant 'public': CLO-S010: ...`
    package var sentence: String { "\(package) of tenant '\(tenant)': \(error)" }
  }

  package var versions: [VersionTransition] = []
  /// Swaps that were ended because their step's time was over or their last step was done.
  package var swaps: [SwapRecord] = []
  /// They held up no other package.
  package var failures: [Failure] = []

  package init() {}

  /// Adds what was changed of one package, or why that could not be done.
  ///
  /// - Throws: ``StoreError`` `.unavailable`: the others could not be settled either.
  package mutating func add(
    _ tenant: String, _ package: String, _ settle: () throws(StoreError) -> Settlement
  ) throws(StoreError) {
    do throws(StoreError) {
      let settled = try settle()
      versions += settled.versions
      swaps += settled.swaps
    } catch {
      guard error.code != .unavailable else { throw error }
      failures.append(Failure(tenant: tenant, package: package, error: error))
    }
  }
}
