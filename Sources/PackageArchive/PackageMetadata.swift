package import WorkflowModel

/// `metadata.json`: what a package is and which libraries it brings, for readers that know no TOML.
package struct PackageMetadata: Sendable, Equatable {
  /// The library for one kind of machine.
  package struct Library: Sendable, Equatable {
    /// Target triple, for example `x86_64-unknown-linux-gnu`.
    package let target: String
    package let path: String
    /// SHA-256 in 64 lower-case hexadecimal digits.
    package let digest: String
    /// Bytes.
    package let size: Int
  }

  /// The archive format that is written and read.
  package static let format = 1

  package let package: String
  package let version: String
  package let description: String
  package let author: String
  package let fingerprint: String
  package let abiMajor: Int
  package let abiMinor: Int
  package let compiler: String
  package let permissions: PackagePermissions
  /// By the bytes of their targets.
  package let libraries: [Library]

  init(_ descriptor: PackageDescriptor, permissions: PackagePermissions, libraries: [Library]) {
    package = descriptor.name
    version = descriptor.version
    description = descriptor.description
    author = descriptor.author
    fingerprint = descriptor.fingerprint
    abiMajor = descriptor.abiMajor
    abiMinor = descriptor.abiMinor
    compiler = descriptor.compiler
    self.permissions = permissions
    self.libraries = libraries.sorted { $0.target.utf8.lexicographicallyPrecedes($1.target.utf8) }
  }

  /// The targets of the libraries, in their order.
  package var targets: [String] { libraries.map(\.target) }

  /// The metadata as written into the archive. A package that may do everything says nothing of it; one that restricts
  /// itself is thereby refused by releases that know no permissions and could not enforce them.
  package var json: JSONValue {
    let restrictions = permissions.isRestricted ? [JSONMember("permissions", permissions.restrictions)] : []
    return .object(
      [
        JSONMember("format", .integer(PackageMetadata.format)),
        JSONMember("package", .string(package)),
        JSONMember("version", .string(version)),
        JSONMember("description", .string(description)),
        JSONMember("author", .string(author)),
        JSONMember("fingerprint", .string(fingerprint)),
        JSONMember("abi", .object([JSONMember("major", .integer(abiMajor)), JSONMember("minor", .integer(abiMinor))])),
        JSONMember("compiler", .string(compiler)),
        JSONMember("targets", .array(targets.map(JSONValue.string))),
        JSONMember("libraries", .object(libraries.map { JSONMember($0.target, $0.json) })),
      ] + restrictions)
  }
}

extension PackageMetadata.Library {
  var json: JSONValue {
    .object([
      JSONMember("path", .string(path)), JSONMember("sha256", .string(digest)), JSONMember("size", .integer(size)),
    ])
  }
}
