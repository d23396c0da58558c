/// The grammar of paths inside an archive, and the names that are fixed.
enum MemberName {
  static let statement = "statement"
  static let manifest = "manifest.toml"
  static let metadata = "metadata.json"
  static let lengthLimit = 255
  static let segmentLimit = 8

  /// Where the library of `target` lies in an archive with `targets` of them.
  static func library(package name: String, target: String, targets: Int) -> String {
    targets == 1 ? "lib/lib\(name).so" : "lib/\(target)/lib\(name).so"
  }

  /// Checks one path: segments of `[A-Za-z0-9._-]` with single slashes between them.
  ///
  /// - Throws: ``ArchiveError`` with `.memberName`; the message shows the path with everything unusual escaped.
  static func check(_ path: some Collection<UInt8>) throws(ArchiveError) {
    if let fault = fault(path) {
      throw ArchiveError(.memberName, "the member name '\(shown(path))' \(fault)")
    }
  }

  private static func fault(_ path: some Collection<UInt8>) -> String? {
    if path.isEmpty { return "is empty" }
    if path.count > lengthLimit { return "has \(path.count) bytes; at most \(lengthLimit) are allowed" }
    if let byte = path.first(where: { !isAllowed($0) }) {
      return "contains byte 0x\(String(byte, radix: 16)); only A-Z a-z 0-9 . _ - / are allowed"
    }
    let segments = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    if segments.count > segmentLimit { return "has \(segments.count) segments; at most \(segmentLimit) are allowed" }
    if path.first == UInt8(ascii: "/") { return "is absolute" }
    for segment in segments {
      if segment.isEmpty { return "has an empty segment" }
      if segment.elementsEqual(".".utf8) || segment.elementsEqual("..".utf8) {
        return "has the segment '\(String(decoding: segment, as: UTF8.self))'"
      }
    }
    return nil
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"),
      UInt8(ascii: "/"):
      true
    default: false
    }
  }

  /// The first bytes of a path, safe to print.
  private static func shown(_ path: some Collection<UInt8>) -> String {
    var text = ""
    for byte in path.prefix(80) {
      text += (0x20..<0x7F).contains(byte) ? String(Unicode.Scalar(byte)) : "\\x\(String(byte, radix: 16))"
    }
    return path.count > 80 ? text + "…" : text
  }
}
