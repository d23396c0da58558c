import CInputSchema
package import WorkflowModel

/// Why a text is no schema that inputs can be checked by.
package struct InputSchemaError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Stable code of a package that is refused for it.
  package static let code = "CLO-P096"

  /// JSON pointer into the schema; empty: the schema as a whole.
  package var pointer: String
  /// What is wrong there, without a full stop.
  package var message: String

  package var description: String { pointer.isEmpty ? message : "at \(pointer): \(message)" }
}

/// A compiled JSON Schema: constant, used by any number of threads.
package final class InputSchema: @unchecked Sendable {
  // `@unchecked Sendable`: what it points to does not change until it is freed.
  private let compiled: OpaquePointer

  /// Compiles a schema of draft 7; what is not supported of it is refused rather than left out.
  package init(_ text: String) throws(InputSchemaError) {
    let bytes = Array(text.utf8)
    // Stricter than the library, which takes the last of two members with one name.
    do throws(JSONError) { _ = try JSONReader.read(bytes) } catch {
      throw InputSchemaError(pointer: "", message: "it is not JSON: \(error)")
    }
    var fault = cloacina_input_fault()
    defer { cloacina_input_fault_free(&fault) }
    let made = InputSchema.withCharacters(bytes) { cloacina_input_schema_compile($0, $1, &fault) }
    guard let made else {
      let (pointer, message) = InputSchema.words(fault) ?? ("", "it cannot be compiled")
      throw InputSchemaError(pointer: pointer, message: message)
    }
    compiled = made
  }

  deinit { cloacina_input_schema_free(compiled) }

  /// How the input does not fit; nil when it does. The text of the input is looked at, and not changed.
  package func misfit(of input: [UInt8]) -> InputMisfit? {
    var fault = InputSchema.withCharacters(input) { cloacina_input_schema_check(compiled, $0, $1) }
    defer { cloacina_input_fault_free(&fault) }
    return InputSchema.words(fault).map { InputMisfit(pointer: $0.pointer, message: $0.message) }
  }

  private static func words(_ fault: cloacina_input_fault) -> (pointer: String, message: String)? {
    guard fault.pointer != nil || fault.message != nil else { return nil }
    let message = fault.message.map { String(cString: $0) } ?? "memory ran out"
    return (fault.pointer.map { String(cString: $0) } ?? "", message)
  }

  private static func withCharacters<Result>(
    _ bytes: [UInt8], _ body: (UnsafePointer<CChar>?, Int) -> Result
  ) -> Result {
    bytes.withUnsafeBytes { body($0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count) }
  }
}

extension WorkflowDefinition {
  /// The check that its schema asks for; nil: it has none.
  ///
  /// - Throws: ``InputSchemaError`` for a schema that is none.
  package func inputCheck() throws(InputSchemaError) -> InputCheck? {
    guard let inputSchema else { return nil }
    let schema = try InputSchema(inputSchema)
    return { schema.misfit(of: $0) }
  }
}
