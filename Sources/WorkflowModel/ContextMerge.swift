/// Applies JSON Merge Patches (RFC 7396) to a JSON object without decoding numbers or strings.
///
/// Values and names keep the bytes they were written with; only the white space between top-level tokens goes.
/// Members keep the order of the target; new ones follow in the order of the patches.
package struct ContextMerge {
  /// A member of the result: a place in one of the texts.
  private struct Piece {
    var span: JSONSpan
    /// Which text the name is in, and which the value.
    var nameText: Int32
    var valueText: Int32
    var isRemoved = false
  }

  /// When existing × new members exceed this, names are looked up in a table instead of one by one.
  private static let linearLimit = 4096

  private var texts: [[UInt8]]
  private var pieces: [Piece]

  private init(_ target: JSONObjectText) {
    texts = [target.bytes]
    pieces = target.members.map { Piece(span: $0, nameText: 0, valueText: 0) }
  }

  /// The target with the patches applied one after the other; patches without members leave its text untouched.
  package static func merge(_ target: JSONObjectText, _ patches: some Sequence<JSONObjectText>) -> JSONObjectText {
    var merge: ContextMerge?
    for patch in patches where !patch.members.isEmpty {
      if merge == nil { merge = ContextMerge(target) }
      merge?.apply(patch)
    }
    return merge?.written() ?? target
  }

  /// The target with one patch applied.
  package static func merge(_ target: JSONObjectText, _ patch: JSONObjectText) -> JSONObjectText {
    guard !patch.members.isEmpty else { return target }
    var merge = ContextMerge(target)
    merge.apply(patch)
    return merge.written()
  }

  private mutating func apply(_ patch: JSONObjectText) {
    let text = Int32(texts.count)
    texts.append(patch.bytes)
    let table = pieces.count * patch.members.count > ContextMerge.linearLimit ? nameTable() : nil
    let known = pieces.count
    for span in patch.members {
      let index = table.map { $0[name(of: span, in: text)] } ?? find(span, in: text, among: known)
      set(Piece(span: span, nameText: text, valueText: text), at: index)
    }
  }

  /// Gives one member, existing or new, the value that the patch has for it.
  private mutating func set(_ new: Piece, at index: Int?) {
    if new.span.traits.contains(.null) {
      if let index { pieces[index].isRemoved = true }
      return
    }
    var piece = new
    let existing = index.map { pieces[$0] }
    let target = existing.flatMap { $0.span.traits.contains(.object) ? $0 : nil }
    if new.span.traits.contains(.object), target != nil || new.span.traits.contains(.nullInside) {
      takeNested(target, into: &piece)
    }
    guard let index, var old = existing else { return pieces.append(piece) }
    old.valueText = piece.valueText
    old.span.valueStart = piece.span.valueStart
    old.span.valueEnd = piece.span.valueEnd
    old.span.traits = piece.span.traits.subtracting(.escapedName).union(old.span.traits.intersection(.escapedName))
    pieces[index] = old
  }

  /// Merges two objects, or an object into none, as a text of its own.
  private mutating func takeNested(_ target: Piece?, into piece: inout Piece) {
    let merged = ContextMerge.merge(target.map(nested) ?? .empty, nested(piece))
    texts.append(merged.bytes)
    piece.valueText = Int32(texts.count - 1)
    piece.span.valueStart = 0
    piece.span.valueEnd = Int32(merged.bytes.count)
  }

  /// The value of a piece as an object; every text here has been validated as a part of a larger one.
  private func nested(_ piece: Piece) -> JSONObjectText {
    let bytes = Array(texts[Int(piece.valueText)][piece.span.valueRange])
    guard let object = try? JSONObjectText(bytes) else {
      preconditionFailure("a member that was scanned as an object is none")
    }
    return object
  }

  private func find(_ span: JSONSpan, in text: Int32, among known: Int) -> Int? {
    texts[Int(text)].withUnsafeBufferPointer { name in
      for index in 0..<known where pieces[index].span.nameHash == span.nameHash && !pieces[index].isRemoved {
        let piece = pieces[index]
        let same = texts[Int(piece.nameText)].withUnsafeBufferPointer {
          JSONSpan.sameName(piece.span, in: $0, span, in: name)
        }
        if same { return index }
      }
      return nil
    }
  }

  private func nameTable() -> [[UInt8]: Int] {
    var table: [[UInt8]: Int] = [:]
    for (index, piece) in pieces.enumerated() where !piece.isRemoved {
      table[name(of: piece.span, in: piece.nameText)] = index
    }
    return table
  }

  private func name(of span: JSONSpan, in text: Int32) -> [UInt8] {
    texts[Int(text)].withUnsafeBufferPointer { span.name(in: $0) }
  }

  /// The result as text with its member table.
  private func written() -> JSONObjectText {
    var members: [JSONSpan] = []
    members.reserveCapacity(pieces.count)
    var count = 2
    for piece in pieces where !piece.isRemoved { count += piece.span.nameRange.count + piece.span.valueRange.count + 4 }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    bytes.append(UInt8(ascii: "{"))
    for piece in pieces where !piece.isRemoved {
      if !members.isEmpty { bytes.append(UInt8(ascii: ",")) }
      var span = piece.span
      bytes.append(UInt8(ascii: "\""))
      span.nameStart = Int32(bytes.count)
      bytes.append(contentsOf: texts[Int(piece.nameText)][piece.span.nameRange])
      span.nameEnd = Int32(bytes.count)
      bytes.append(UInt8(ascii: "\""))
      bytes.append(UInt8(ascii: ":"))
      span.valueStart = Int32(bytes.count)
      bytes.append(contentsOf: texts[Int(piece.valueText)][piece.span.valueRange])
      span.valueEnd = Int32(bytes.count)
      members.append(span)
    }
    bytes.append(UInt8(ascii: "}"))
    return JSONObjectText(bytes: bytes, members: members)
  }
}
