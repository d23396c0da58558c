extension JSONObjectText {
  /// When the members of both objects multiply to more than this, names are looked up in a table.
  private static let linearLimit = 4096

  /// Names that occur in both objects with values written differently, in this object's order.
  func differingNames(_ other: JSONObjectText) -> [String] {
    let table = members.count * other.members.count > JSONObjectText.linearLimit ? other.memberTable() : nil
    return bytes.withUnsafeBufferPointer { mine in
      other.bytes.withUnsafeBufferPointer { theirs in
        var names: [String] = []
        for span in members {
          let twin =
            if let table { table[span.name(in: mine)] } else {
              other.members.first { JSONSpan.sameName(span, in: mine, $0, in: theirs) }
            }
          guard let twin, !mine[span.valueRange].elementsEqual(theirs[twin.valueRange]) else { continue }
          names.append(String(decoding: span.name(in: mine), as: UTF8.self))
        }
        return names
      }
    }
  }

  private func memberTable() -> [[UInt8]: JSONSpan] {
    bytes.withUnsafeBufferPointer { text in
      var table: [[UInt8]: JSONSpan] = [:]
      for span in members { table[span.name(in: text)] = span }
      return table
    }
  }
}
