import Glibc
package import WorkflowModel

/// What is packed into one archive.
package struct PackageContents: Sendable {
  /// A shared library for one kind of machine.
  package struct Library: Sendable {
    /// Target triple, for example `x86_64-unknown-linux-gnu`.
    package var target: String
    package var bytes: [UInt8]

    package init(target: String, bytes: [UInt8]) {
      self.target = target
      self.bytes = bytes
    }
  }

  /// What the library says of itself.
  package var descriptor: PackageDescriptor
  package var libraries: [Library]
  package var permissions: PackagePermissions
  /// Seconds since 1970 that every member is dated with; nil: what SOURCE_DATE_EPOCH says, else 0.
  package var modifiedAt: Int64?

  package init(
    descriptor: PackageDescriptor, libraries: [Library], permissions: PackagePermissions = .unrestricted,
    modifiedAt: Int64? = nil
  ) {
    self.descriptor = descriptor
    self.libraries = libraries
    self.permissions = permissions
    self.modifiedAt = modifiedAt
  }

  private static let latestDate: Int64 = 0o77777777777

  /// The date of the members, in seconds since 1970.
  func memberDate() throws(ArchiveError) -> Int64 {
    if let modifiedAt { return modifiedAt }
    return try getenv("SOURCE_DATE_EPOCH").map { String(cString: $0) }.map(PackageContents.sourceDate) ?? 0
  }

  /// Reads the value of SOURCE_DATE_EPOCH.
  ///
  /// - Throws: ``ArchiveError`` with `.sourceDate` for anything that is not a number a tar can hold.
  static func sourceDate(_ text: String) throws(ArchiveError) -> Int64 {
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let seconds = Int64(text), seconds <= latestDate else {
      throw ArchiveError(.sourceDate, "SOURCE_DATE_EPOCH is '\(text)', not a number from 0 to \(latestDate)")
    }
    return seconds
  }
}
