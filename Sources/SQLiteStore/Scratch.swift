/// Memory for the short texts of one statement, used again for each execution, which spares SQLite an allocation
/// for each of them.
struct Scratch {
  private static let largest = 16_384

  private var start: UnsafeMutableRawPointer?
  private var capacity = 0
  private var used = 0
  private var wanted = 0

  /// A copy that stays in place until `clear`; nil when there is no room, and for long texts.
  mutating func keep(_ raw: UnsafeRawBufferPointer) -> UnsafePointer<CChar>? {
    wanted += raw.count + 1
    guard let start, used + raw.count < capacity else { return nil }
    let place = start + used
    if let source = raw.baseAddress { place.copyMemory(from: source, byteCount: raw.count) }
    used += raw.count + 1
    return UnsafePointer(place.assumingMemoryBound(to: CChar.self))
  }

  /// Forgets what was kept, and makes room when there was too little; true when the memory has moved.
  mutating func clear() -> Bool {
    defer { (used, wanted) = (0, 0) }
    guard wanted > capacity, capacity < Scratch.largest else { return false }
    start?.deallocate()
    capacity = min(max(wanted, 256) * 2, Scratch.largest)
    start = .allocate(byteCount: capacity, alignment: 16)
    return true
  }

  mutating func free() {
    start?.deallocate()
    start = nil
    capacity = 0
  }
}
