package import WorkflowModel

/// `package.toml`: the little that an author says of a package beside its code.
package struct AuthorManifest: Sendable, Equatable {
  package var name: String
  /// By Semantic Versioning 2.0.0.
  package var version: String
  package var description = ""
  package var author = ""
  /// The command that builds the library, run in the package's folder; nil when it is to be found out.
  package var build: String?
  /// Path of the built library below the package's folder; nil when it is to be found out.
  package var library: String?
  package var permissions = PackagePermissions.unrestricted

  private static let keys = ["name", "version", "description", "author", "build", "library", PermissionTable.key]

  /// Reads a package.toml.
  ///
  /// - Throws: ``ArchiveError`` whose message begins with line and column of the mistake.
  package static func read(text: String) throws(ArchiveError) -> AuthorManifest {
    let bytes = Array(text.utf8)
    let toml: JSONValue
    do throws(TomlText.Fault) { toml = try TomlText.read(bytes) } catch {
      throw ArchiveError(.authorSyntax, "package.toml, \(error.sentence)")
    }
    for member in toml.members ?? [] where !keys.contains(member.name) {
      let message = "no key is called '\(member.name)'\(Suggestion.hint(for: member.name, in: keys))"
      throw refusal(.authorUnknownKey, message, key: member.name, in: bytes)
    }
    var manifest = AuthorManifest(
      name: try required("name", in: toml, bytes), version: try required("version", in: toml, bytes))
    manifest.description = try optional("description", in: toml, bytes) ?? ""
    manifest.author = try optional("author", in: toml, bytes) ?? ""
    manifest.build = try optional("build", in: toml, bytes)
    manifest.library = try optional("library", in: toml, bytes)
    manifest.permissions = try PermissionTable.read(toml, bytes)
    try manifest.check(bytes)
    return manifest
  }

  private func check(_ bytes: [UInt8]) throws(ArchiveError) {
    do throws(NameError) { try Identifier.validate(name, part: "package name") } catch {
      throw AuthorManifest.refusal(.authorValue, error.message, key: "name", in: bytes)
    }
    do throws(NameError) { _ = try SemanticVersion(parsing: version) } catch {
      throw AuthorManifest.refusal(.authorValue, error.message, key: "version", in: bytes)
    }
    for (key, value) in [("build", build), ("library", library)] where value == "" {
      throw AuthorManifest.refusal(.authorValue, "'\(key)' is empty; leave it out instead", key: key, in: bytes)
    }
  }

  private static func required(_ key: String, in toml: JSONValue, _ bytes: [UInt8]) throws(ArchiveError) -> String {
    guard let text = try optional(key, in: toml, bytes) else {
      throw ArchiveError(
        .authorMissingKey, "package.toml, line 1, column 1: the key '\(key)' is missing",
        fix: "add a line like \(key) = \"\(key == "version" ? "1.0.0" : "my_package")\"")
    }
    return text
  }

  private static func optional(_ key: String, in toml: JSONValue, _ bytes: [UInt8]) throws(ArchiveError) -> String? {
    guard let value = toml[key] else { return nil }
    guard let text = value.text else {
      throw refusal(.authorValue, "'\(key)' must be a string", key: key, in: bytes)
    }
    return text
  }

  private static func refusal(
    _ reason: ArchiveRefusal, _ message: String, key: String, in bytes: [UInt8]
  ) -> ArchiveError {
    ArchiveError(reason, "package.toml, \(TomlText.fault(message, key: key, in: bytes).sentence)")
  }
}
