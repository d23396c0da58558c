/// One file of an archive.
struct ArchiveMember: Sendable, Equatable {
  let path: String
  let bytes: [UInt8]
}
