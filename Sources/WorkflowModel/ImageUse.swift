/// How many libraries a process has mapped, for good, and how many it may.
package struct ImageUse: Sendable, Equatable {
  package var count: Int
  /// Bytes of the libraries' files.
  package var bytes: Int
  package var limit: Int

  package init(count: Int, bytes: Int, limit: Int) {
    self.count = count
    self.bytes = bytes
    self.limit = limit
  }

  /// Reads what ``json`` wrote; nil for anything else.
  package init?(json: JSONValue) {
    func number(_ name: String) -> Int? { json[name]?.integer.map(Int.init) }
    guard let count = number("count"), let bytes = number("bytes"), let limit = number("limit") else { return nil }
    self.init(count: count, bytes: bytes, limit: limit)
  }

  /// As a JSON object: how stores keep it and documents show it.
  package var json: JSONValue {
    .object([
      JSONMember("count", .integer(count)), JSONMember("limit", .integer(limit)), JSONMember("bytes", .integer(bytes)),
    ])
  }
}
