/// Builds tars block by block, so that tests can say what no honest writer would.
struct RawTar {
  private(set) var bytes: [UInt8] = []

  /// One header with its data, padded to whole blocks.
  mutating func add(
    _ name: String, _ data: [UInt8] = [], type: Character = "0", link: String = "", mode: Int = 0o644,
    size: Int? = nil
  ) {
    add(Array(name.utf8), data, type: type, link: link, mode: mode, size: size)
  }

  mutating func add(
    _ name: [UInt8], _ data: [UInt8] = [], type: Character = "0", link: String = "", mode: Int = 0o644,
    size: Int? = nil
  ) {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: some Collection<UInt8>, at offset: Int) {
      for (index, byte) in text.enumerated() { header[offset + index] = byte }
    }
    put(name.prefix(100), at: 0)
    put(RawTar.octal(mode, digits: 7), at: 100)
    put(RawTar.octal(0, digits: 7), at: 108)
    put(RawTar.octal(0, digits: 7), at: 116)
    put(RawTar.octal(size ?? data.count, digits: 11), at: 124)
    put(RawTar.octal(0, digits: 11), at: 136)
    header[156] = type.asciiValue ?? 0
    put(Array(link.utf8.prefix(100)), at: 157)
    put("ustar\u{0}00".utf8, at: 257)
    put([UInt8](repeating: 0x20, count: 8), at: 148)
    put(RawTar.octal(header.reduce(0) { $0 + Int($1) }, digits: 6), at: 148)
    header[154] = 0
    bytes += header + data + [UInt8](repeating: 0, count: (512 - data.count % 512) % 512)
  }

  /// An extended header with these records, which holds for the entry after it.
  mutating func addExtended(_ records: [(key: String, value: [UInt8])]) {
    var data: [UInt8] = []
    for record in records {
      let body = Array(" \(record.key)=".utf8) + record.value + [0x0A]
      var count = body.count + 1
      while String(count).utf8.count + body.count != count { count += 1 }
      data += Array(String(count).utf8) + body
    }
    add("extended", data, type: "x")
  }

  /// The tar with its end mark.
  var ended: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }

  private static func octal(_ value: Int, digits: Int) -> [UInt8] {
    let text = String(value, radix: 8)
    return Array((String(repeating: "0", count: max(0, digits - text.count)) + text).utf8)
  }
}
