import Glibc

/// What the kernel says of the memory of a process.
package enum ProcessMemory {
  private static let pageSize = Int64(sysconf(Int32(_SC_PAGESIZE)))

  /// Bytes of `process` that are in memory now; nil when there is no such process. Costs one small read of `/proc`.
  package static func resident(_ process: Int32) -> Int64? {
    let fd = open("/proc/\(process)/statm", O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { return nil }
    defer { close(fd) }
    // Seven decimal numbers of pages; the second is what is resident.
    let bytes = [UInt8](unsafeUninitializedCapacity: 160) { buffer, count in
      count = max(0, read(fd, buffer.baseAddress, buffer.count))
    }
    let fields = bytes.split(separator: UInt8(ascii: " "))
    guard fields.count > 1, let pages = Int64(String(decoding: fields[1], as: UTF8.self)) else { return nil }
    return pages * pageSize
  }
}
