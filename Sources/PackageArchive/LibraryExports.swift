import CPackageImage

extension VerifiedPackage {
  /// The names that the library for this machine exports, each once, in order; nothing of it is run.
  ///
  /// - Throws: ``ArchiveError`` with `.library`.
  package func exports() throws(ArchiveError) -> [String] {
    var names: Set<String> = []
    var error = cloacina_image_error()
    let answer = withUnsafeMutablePointer(to: &names) { names in
      cloacina_elf_exports(
        library, library.count, names,
        { context, name, count in
          guard let context, let name else { return }
          let bytes = UnsafeRawBufferPointer(start: name, count: count)
          context.assumingMemoryBound(to: Set<String>.self).pointee.insert(String(decoding: bytes, as: UTF8.self))
        }, &error)
    }
    guard answer == 0 else { throw LibraryPreflight.refusal(error, path: "the library for \(target)") }
    return names.sorted()
  }
}
