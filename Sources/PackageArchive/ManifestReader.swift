package import WorkflowModel

/// Reads `manifest.toml` back into the descriptor it was written from.
package enum ManifestReader {
  /// - Throws: ``ArchiveError`` with `.manifest` and the line, or the path of the key at fault.
  package static func read(_ bytes: [UInt8]) throws(ArchiveError) -> PackageDescriptor {
    let toml: JSONValue
    do throws(TomlText.Fault) { toml = try TomlText.read(bytes) } catch {
      throw ArchiveError(.manifest, "manifest.toml, \(error.sentence)")
    }
    let json = try joined(toml)
    do throws(DescriptorError) { return try PackageDescriptor(json: json) } catch {
      throw ArchiveError(.manifest, "manifest.toml: \(error.path.isEmpty ? "" : error.path + ": ")\(error.message)")
    }
  }

  /// The descriptor's JSON: the `package` table and the workflows in one object, left-out keys as null.
  private static func joined(_ toml: JSONValue) throws(ArchiveError) -> JSONValue {
    guard let package = toml["package"]?.members, let workflows = toml["workflows"]?.elements,
      toml.members?.count == 2
    else { throw ArchiveError(.manifest, "manifest.toml has other tables than [package] and [[workflows]]") }
    return .object(package + [JSONMember("workflows", .array(workflows.map(completed)))])
  }

  private static func completed(_ workflow: JSONValue) -> JSONValue {
    guard case .object(var members) = workflow, let index = members.firstIndex(where: { $0.name == "tasks" }),
      let tasks = members[index].value.elements
    else { return workflow }
    members[index].value = .array(tasks.map(completedTask))
    return .object(members)
  }

  private static func completedTask(_ task: JSONValue) -> JSONValue {
    guard let members = task.members else { return task }
    let absent = ["retry", "rule"].filter { task[$0] == nil }
    return .object(members + absent.map { JSONMember($0, .null) })
  }
}
