import CCrypto

/// SHA-256 in lower-case hexadecimal digits.
package enum SHA256 {
  /// - Throws: ``ArchiveError`` with `.storage` when libcrypto offers no SHA-256.
  package static func hex(_ bytes: [UInt8]) throws(ArchiveError) -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    var count: UInt32 = 0
    guard EVP_Digest(bytes, bytes.count, &digest, &count, EVP_sha256(), nil) == 1, count == 32 else {
      throw ArchiveError(.storage, "libcrypto could not compute a SHA-256", fix: "check the OpenSSL installation")
    }
    var text: [UInt8] = []
    text.reserveCapacity(64)
    for byte in digest {
      text.append(digit(byte >> 4))
      text.append(digit(byte & 15))
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static func digit(_ nibble: UInt8) -> UInt8 {
    nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
  }
}
