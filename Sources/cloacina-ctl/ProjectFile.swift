import CToml
import CommandLineInterface
import WorkflowModel

/// `cloacina.toml` in the current folder.
enum ProjectFile {
  static let path = "./cloacina.toml"

  /// `[database] url`; nil when there is no file or it does not say.
  ///
  /// - Throws: ``CommandError`` for text that is not TOML, and for any key that has no meaning.
  static func databaseURL() throws(CommandError) -> String? {
    guard Files.exists(path) else { return nil }
    let document = try parse(try Files.read(path, what: "configuration"))
    for member in document.members ?? [] where member.name != "database" { throw unknown(member.name, "database") }
    guard let database = document["database"] else { return nil }
    guard let members = database.members else { throw wrong("'database' is not a table", "write [database]") }
    for member in members where member.name != "url" { throw unknown("database.\(member.name)", "database.url") }
    guard let url = database["url"] else { return nil }
    guard let text = url.text else { throw wrong("'database.url' is not a string", "url = \"sqlite:flows.db\"") }
    return text
  }

  private static func parse(_ bytes: [UInt8]) throws(CommandError) -> JSONValue {
    var result = bytes.withUnsafeBytes {
      cloacina_toml_to_json($0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
    }
    defer { cloacina_toml_free(&result) }
    guard let json = result.json else {
      let message = result.message.map { String(cString: $0) } ?? "memory ran out"
      throw wrong(
        "line \(result.place.line), column \(result.place.column): \(message)", "correct the file or remove it")
    }
    let text = [UInt8](UnsafeRawBufferPointer(start: json, count: result.json_count))
    do throws(JSONError) { return try JSONReader.read(text) } catch {
      throw CommandError(
        .internal, kind: "internal", code: "CLO-C012", "\(path) was read as what is not JSON: \(error)")
    }
  }

  private static func unknown(_ key: String, _ known: String) -> CommandError {
    wrong("there is no setting '\(key)'\(Suggestion.hint(for: key, in: [known]))", "the only setting is [database] url")
  }

  private static func wrong(_ message: String, _ fix: String) -> CommandError {
    .invalid("CLO-C012", "\(path): \(message)", fix: fix)
  }
}
