import WorkflowModel

/// A JSON object that goes into a run or a task, or comes out of one, kept as the text it was written with.
///
/// ```swift
/// let fromLiteral: WorkflowContext = ["rows": 5, "region": "eu"]
/// let fromText = try WorkflowContext(json: #"{"rows": 5}"#)
/// ```
public struct WorkflowContext: Sendable, Hashable, CustomStringConvertible {
  /// The object as JSON text, in UTF-8.
  public let bytes: [UInt8]

  /// `{}`
  public init() { bytes = Array("{}".utf8) }

  /// An object, its members in the order of their names.
  public init(_ members: [String: ContextValue]) { bytes = ContextValue(members).value.bytes }

  /// Takes over JSON text after a strict check: one object, no two members of one name, nested at most 128 deep.
  ///
  /// - Throws: ``CloacinaError`` `.invalid` with the offset of the first byte that breaks a rule.
  public init(json: String) throws(CloacinaError) { try self.init(bytes: Array(json.utf8)) }

  /// The same for text in UTF-8; no bytes at all stand for `{}`.
  public init(bytes: [UInt8]) throws(CloacinaError) {
    do throws(JSONError) { self.bytes = try JSONObjectText(bytes).bytes } catch {
      throw CloacinaError(
        .invalid, code: "CLO-E009", "the context is not a JSON object: \(error)", fix: #"pass an object: {"rows": 5}"#)
    }
  }

  /// Text out of the engine or its database.
  init(recorded bytes: [UInt8]) { self.bytes = bytes.isEmpty ? Array("{}".utf8) : bytes }

  /// The object as JSON text.
  public var json: String { String(decoding: bytes, as: UTF8.self) }
  /// The object as JSON text.
  public var description: String { json }

  /// The object as a value; reads the text each time. `null` when plain SQL put something else into the database.
  public var value: ContextValue {
    do throws(JSONError) { return ContextValue(try JSONReader.read(bytes, refuseDuplicates: false)) } catch {
      return nil
    }
  }

  /// The names of the members, in the order they were written.
  public var names: [String] { value.names ?? [] }

  /// The member called `name`; reads the text each time.
  public subscript(name: String) -> ContextValue? { value[name] }
}

extension WorkflowContext: ExpressibleByDictionaryLiteral {
  /// An object, its members in the order written; the last of two with one name counts.
  public init(dictionaryLiteral members: (String, ContextValue)...) {
    bytes = ContextValue(object: members).value.bytes
  }
}
