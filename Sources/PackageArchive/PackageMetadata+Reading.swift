import WorkflowModel

extension PackageMetadata {
  /// Reads `metadata.json`; every key must be there, in the order in which it is written, and no other.
  init(parsing bytes: [UInt8]) throws(ArchiveError) {
    let json: JSONValue
    do throws(JSONError) { json = try JSONReader.read(bytes) } catch {
      throw ArchiveError(.metadata, "metadata.json is not JSON: \(error)")
    }
    try PackageMetadata.checkFormat(json)
    package = try PackageMetadata.text("package", in: json)
    version = try PackageMetadata.text("version", in: json)
    description = try PackageMetadata.text("description", in: json)
    author = try PackageMetadata.text("author", in: json)
    fingerprint = try PackageMetadata.text("fingerprint", in: json)
    abiMajor = try PackageMetadata.count("major", in: json["abi"], path: "abi.")
    abiMinor = try PackageMetadata.count("minor", in: json["abi"], path: "abi.")
    compiler = try PackageMetadata.text("compiler", in: json)
    permissions = try PackageMetadata.permissions(json["permissions"])
    var libraries: [Library] = []
    for member in json["libraries"]?.members ?? [] {
      libraries.append(try PackageMetadata.library(member))
    }
    self.libraries = libraries
    try checkLibraries()
    guard self.json == json else {
      throw ArchiveError(
        .metadata, "metadata.json has unknown keys, keys in another order, or targets that are not its libraries")
    }
  }

  /// Libraries are sorted by target and lie where their target says.
  private func checkLibraries() throws(ArchiveError) {
    guard !libraries.isEmpty else { throw ArchiveError(.metadata, "metadata.json lists no library") }
    for (index, library) in libraries.enumerated() {
      let place = MemberName.library(package: package, target: library.target, targets: libraries.count)
      guard library.path == place else {
        throw ArchiveError(.metadata, "metadata.json: the library of \(library.target) is not at '\(place)'")
      }
      guard index == 0 || libraries[index - 1].target.utf8.lexicographicallyPrecedes(library.target.utf8) else {
        throw ArchiveError(.metadata, "metadata.json: the libraries are not sorted by target")
      }
    }
  }

  private static func checkFormat(_ json: JSONValue) throws(ArchiveError) {
    let found = try count("format", in: json, path: "")
    guard found == format else {
      throw ArchiveError(
        .metadata, "metadata.json has format \(found); this version reads format \(format)",
        fix: "use a cloacina-ctl that knows this archive format, or build the package again")
    }
  }

  private static func library(_ member: JSONMember) throws(ArchiveError) -> Library {
    let path = "libraries.\(member.name)."
    return Library(
      target: member.name,
      path: try text("path", in: member.value, path: path),
      digest: try text("sha256", in: member.value, path: path),
      size: try count("size", in: member.value, path: path))
  }

  private static func permissions(_ json: JSONValue?) throws(ArchiveError) -> PackagePermissions {
    guard let json else { return .unrestricted }
    if let permissions = PackagePermissions(restrictions: json) { return permissions }
    throw ArchiveError(
      .metadata, "metadata.json restricts the package in a way that this version cannot enforce: \(json.json)",
      fix: "use a cloacina-ctl that knows this archive format, or build the package again")
  }

  private static func text(_ key: String, in json: JSONValue, path: String = "") throws(ArchiveError) -> String {
    guard let text = json[key]?.text else {
      throw ArchiveError(.metadata, "metadata.json: '\(path)\(key)' is missing or not a string")
    }
    return text
  }

  private static func count(_ key: String, in json: JSONValue?, path: String) throws(ArchiveError) -> Int {
    guard let count = json?[key]?.integer, count >= 0 else {
      throw ArchiveError(.metadata, "metadata.json: '\(path)\(key)' is missing or not a whole number")
    }
    return Int(count)
  }
}
