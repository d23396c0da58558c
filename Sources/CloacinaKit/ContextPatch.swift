/// What a body has written so far: one JSON object, its members in the order in which they were first written.
struct ContextPatch {
  /// An object given as text, with the places of its members; kept as it is until something else is written.
  typealias Text = (bytes: [UInt8], members: [(name: String, value: Range<Int>)])

  private var whole: Text?
  private var members: [(name: String, value: [UInt8])] = []
  private var positions: [String: Int] = [:]

  /// Writes a member, in the place of an earlier one of the same name.
  mutating func set(_ name: String, _ value: [UInt8]) {
    if let whole {
      self.whole = nil
      for member in whole.members { setMember(member.name, Array(whole.bytes[member.value])) }
    }
    setMember(name, value)
  }

  /// Writes the members of an object that was read from text, each as it is spelled there.
  mutating func merge(_ text: Text) {
    if whole == nil, members.isEmpty {
      whole = text
    } else {
      for member in text.members { set(member.name, Array(text.bytes[member.value])) }
    }
  }

  private mutating func setMember(_ name: String, _ value: [UInt8]) {
    if let position = positions[name] {
      members[position].value = value
    } else {
      positions[name] = members.count
      members.append((name, value))
    }
  }

  /// The object as JSON text; empty when nothing was written.
  var bytes: [UInt8] {
    if let whole { return whole.bytes }
    guard !members.isEmpty else { return [] }
    var out: [UInt8] = []
    out.reserveCapacity(members.reduce(2) { $0 + $1.name.utf8.count + $1.value.count + 4 })
    var separator = UInt8(ascii: "{")
    for member in members {
      out.append(separator)
      JSON.write(member.name, to: &out)
      out.append(UInt8(ascii: ":"))
      out.append(contentsOf: member.value)
      separator = UInt8(ascii: ",")
    }
    out.append(UInt8(ascii: "}"))
    return out
  }
}
