import WorkflowModel
import WorkflowStore

/// Lists of texts as JSON arrays, which SQL takes apart with `json_each`.
enum JSONTexts {
  static func array(_ texts: [String]) -> [UInt8] {
    var buffer = [UInt8(ascii: "[")]
    for (index, text) in texts.enumerated() {
      if index > 0 { buffer.append(UInt8(ascii: ",")) }
      JSONValue.writeString(text, to: &buffer)
    }
    buffer.append(UInt8(ascii: "]"))
    return buffer
  }

  /// - Throws: ``StoreError`` `.corrupt` when the bytes are no array of texts.
  static func texts(_ array: [UInt8]) throws(StoreError) -> [String] {
    let elements = (try? JSONReader.read(array))?.elements
    let texts = elements?.compactMap(\.text)
    guard let texts, texts.count == elements?.count else {
      let text = String(decoding: array, as: UTF8.self)
      throw StoreError(
        .corrupt, "'\(text)' stands where a list of texts is expected; run 'cloacina-ctl db check' and restore a backup"
      )
    }
    return texts
  }
}
