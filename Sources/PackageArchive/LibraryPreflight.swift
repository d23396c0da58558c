import CPackageImage

/// Looks at a shared library without running any of it.
enum LibraryPreflight {
  /// - Throws: ``ArchiveError`` with `.library`, with the code and the words of the inspection.
  static func check(_ bytes: [UInt8], path: String) throws(ArchiveError) {
    var facts = cloacina_elf_facts()
    var error = cloacina_image_error()
    guard cloacina_elf_inspect(bytes, bytes.count, &facts, &error) == 0 else { throw refusal(error, path: path) }
  }

  /// The inspection's words about the library at `path`.
  static func refusal(_ error: cloacina_image_error, path: String) -> ArchiveError {
    let code = withUnsafeBytes(of: error.code) { text($0) }
    let sentence = withUnsafeBytes(of: error.sentence) { text($0) }
    return ArchiveError(.library, "'\(path)': \(sentence) (\(code))")
  }

  private static func text(_ buffer: UnsafeRawBufferPointer) -> String {
    String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
  }
}
