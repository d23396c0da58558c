import CToml
import WorkflowModel

/// Reads TOML text as a JSON value, with places for errors.
enum TomlText {
  /// Why a text is not the TOML that was asked for, and where, counted from 1; line 0 stands for nowhere.
  struct Fault: Error, Equatable {
    let message: String
    let line: Int
    let column: Int

    /// `line 3, column 7: what is wrong`.
    var sentence: String { line == 0 ? message : "line \(line), column \(column): \(message)" }
  }

  static func read(_ bytes: [UInt8]) throws(Fault) -> JSONValue {
    var result = bytes.withUnsafeBytes { buffer in
      cloacina_toml_to_json(buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count)
    }
    defer { cloacina_toml_free(&result) }
    guard let json = result.json else {
      let message = result.message.map { String(cString: $0) } ?? "memory ran out"
      throw Fault(message: message, line: Int(result.place.line), column: Int(result.place.column))
    }
    let text = UnsafeRawBufferPointer(start: json, count: result.json_count)
    do throws(JSONError) { return try JSONReader.read(Array(text)) } catch {
      throw Fault(message: error.message, line: 0, column: 0)
    }
  }

  /// A fault at the place where `key` is written in the top-level `table`.
  static func fault(_ message: String, key: String, ofTable table: String, in bytes: [UInt8]) -> Fault {
    let place = bytes.withUnsafeBytes { buffer in
      cloacina_toml_find_key_of_table(
        buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count, table, key)
    }
    return Fault(message: message, line: Int(place.line), column: Int(place.column))
  }

  /// A fault at the place where the top-level `key` is written.
  static func fault(_ message: String, key: String, in bytes: [UInt8]) -> Fault {
    let place = bytes.withUnsafeBytes { buffer in
      cloacina_toml_find_key(buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count, key)
    }
    return Fault(message: message, line: Int(place.line), column: Int(place.column))
  }
}
