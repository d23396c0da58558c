/// How an input does not fit the schema of a workflow.
package struct InputMisfit: Sendable, Equatable {
  /// Stable code of what is refused for it, and of the failure of a run that was submitted with plain SQL.
  package static let code = "CLO-R087"

  /// JSON pointer into the input; empty: the input as a whole.
  package var pointer: String
  /// What is wrong there, without a full stop.
  package var message: String

  package init(pointer: String, message: String) {
    self.pointer = pointer
    self.message = message
  }

  /// `the input does not fit the workflow's schema: at /rows: …`
  package var sentence: String { "the input does not fit the workflow's schema: \(place)\(message)" }

  private var place: String { pointer.isEmpty ? "" : "at \(pointer): " }

  /// Of a run that could not be refused when it was submitted.
  var failure: Failure { Failure(.permanent, "\(InputMisfit.code): \(sentence)") }
}

/// Says how an input, a JSON object, does not fit; nil: it does.
package typealias InputCheck = @Sendable ([UInt8]) -> InputMisfit?

extension RunPlan {
  /// How the input does not fit the schema of the workflow; nil when it does, and where there is none.
  package func misfit(of input: [UInt8]) -> InputMisfit? {
    guard let inputCheck else { return nil }
    return inputCheck(input.isEmpty ? Array("{}".utf8) : input)
  }
}

extension RunVersion {
  /// - Throws: ``RepairRefusal`` when a run with this input cannot be one of this version.
  package func checkInput(_ input: [UInt8]) throws(RepairRefusal) {
    guard let misfit = plan.misfit(of: input) else { return }
    throw RepairRefusal(
      .inputSchema, "\(misfit.sentence) (version \(version))",
      fix: "correct it with run retry ID --set KEY=JSON, or name another version")
  }
}
