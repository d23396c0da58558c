import WorkflowModel
import WorkflowStore

/// The tasks taken from other nodes, by the numbers of their calls.
struct TakeTable {
  struct Take {
    var key: OfferKey
    var lease: LeaseTime
  }

  /// Set in the numbers of taken calls and in no other, see ``RunKey/callID(task:)``.
  private static let mark: UInt64 = 1 << 63

  private(set) var takes: [UInt64: Take] = [:]
  private var last: UInt64 = 0

  static func isTake(_ callID: UInt64) -> Bool { callID & mark != 0 }

  var count: Int { takes.count }

  var keys: [OfferKey] { takes.values.map(\.key) }

  /// Numbers of the calls.
  var callIDs: [UInt64] { Array(takes.keys) }

  var earliestEnd: UInt64? { takes.values.lazy.map(\.lease.end).min() }

  /// - Returns: the number the call is to have.
  mutating func insert(_ key: OfferKey, lease: LeaseTime) -> UInt64 {
    last += 1
    takes[TakeTable.mark | last] = Take(key: key, lease: lease)
    return TakeTable.mark | last
  }

  mutating func remove(_ callID: UInt64) -> OfferKey? { takes.removeValue(forKey: callID)?.key }

  func callID(of key: OfferKey) -> UInt64? { takes.first { $0.value.key == key }?.key }

  func lapsed(at now: UInt64) -> [OfferKey] { takes.values.filter { $0.lease.hasLapsed(at: now) }.map(\.key) }

  mutating func doubt(length: UInt64, answered: UInt64) {
    for callID in takes.keys { takes[callID]?.lease.doubt(length: length, answered: answered) }
  }

  mutating func extend(length: UInt64, sent: UInt64, answered: UInt64) {
    for callID in takes.keys { takes[callID]?.lease.extend(length: length, sent: sent, answered: answered) }
  }
}
