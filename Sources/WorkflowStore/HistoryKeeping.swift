package import WorkflowModel

/// Deletes rows of the life of package versions that are only told of.
package protocol HistoryKeeping {
  /// Deletes swaps that ended long ago, save each package's newest, and old rows of the audit trail, in one
  /// transaction. Swaps that go on stay, and so does everything by which a rollback finds its way.
  func deleteHistory(_ request: HistoryRequest, now: Timestamp) throws(StoreError) -> RetentionOutcome
}

/// Asks that history be deleted, by right of leading the duty of retention.
package struct HistoryRequest: Sendable, Equatable {
  package var key: DutyKey
  /// Nil: no swap is deleted.
  package var swapsEndedBefore: Timestamp?
  /// Nil: the audit trail is kept.
  package var auditBefore: Timestamp?
  /// At most so many rows of each kind, the oldest first.
  package var limit: Int

  package init(key: DutyKey, swapsEndedBefore: Timestamp?, auditBefore: Timestamp?, limit: Int) {
    self.key = key
    self.swapsEndedBefore = swapsEndedBefore
    self.auditBefore = auditBefore
    self.limit = limit
  }
}
