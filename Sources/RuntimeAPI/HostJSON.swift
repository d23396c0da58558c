import WorkflowModel
import WorkflowStore

extension HostStatus {
  /// A host as documents show it at time `at`: with the age of its process.
  func contract(at time: Timestamp) -> JSONValue {
    .object((json.members ?? []) + [JSONMember("age_ms", .integer(max(0, time - startedAt)))])
  }
}
