/// Which versions are out of service and wait for the end of their runs.
package protocol DrainingVersions {
  /// Versions that are `draining`, of one tenant or of all, whether or not another version of their package is active;
  /// by tenant and package, newest registration first.
  func drainingVersions(tenant: String?) throws(StoreError) -> [PackageRecord]
}
