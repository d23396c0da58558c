extension JSONScanner {
  /// Up to this many members are compared pairwise; more are sorted first.
  private static let pairwiseLimit = 16

  /// Refuses two members of one name among the spans from `first` on.
  func refuseDuplicates(from first: Int) throws(JSONError) {
    guard spans.count - first > JSONScanner.pairwiseLimit else { return try comparePairwise(from: first) }
    let named = spans[first...].map { (name: $0.name(in: bytes), span: $0) }
    let sorted = named.sorted { one, other in
      if one.span.nameHash != other.span.nameHash { return one.span.nameHash < other.span.nameHash }
      if one.name == other.name { return one.span.nameStart < other.span.nameStart }
      return one.name.lexicographicallyPrecedes(other.name)
    }
    for index in 1..<sorted.count where sorted[index - 1].name == sorted[index].name {
      throw duplicate(sorted[index].span)
    }
  }

  private func comparePairwise(from first: Int) throws(JSONError) {
    var later = first + 1
    while later < spans.count {
      for earlier in first..<later where JSONSpan.sameName(spans[earlier], in: bytes, spans[later], in: bytes) {
        throw duplicate(spans[later])
      }
      later += 1
    }
  }

  private func duplicate(_ span: JSONSpan) -> JSONError {
    JSONError("'\(String(decoding: span.name(in: bytes), as: UTF8.self))' occurs twice", at: Int(span.nameStart) - 1)
  }
}
