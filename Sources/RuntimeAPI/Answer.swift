package import CloacinaRuntime
package import WorkflowModel

/// What an operation leaves: a JSON document of the command's contract, and bytes that belong to it.
package struct Answer: Sendable, Equatable {
  package var document: JSONValue
  package var attachment: [UInt8]

  package init(_ document: JSONValue, attachment: [UInt8] = []) {
    self.document = document
    self.attachment = attachment
  }
}

/// Does one operation: name, parameters, attachment, and who is told how far it is.
package typealias OperationHandler =
  @Sendable (String, JSONValue, [UInt8], @escaping ProgressSink) throws(RuntimeError) -> Answer

extension RuntimeError {
  /// The error as it is sent and printed.
  package var json: JSONValue {
    var members = [
      JSONMember("kind", .string(kind.word)), JSONMember("code", .string(code)),
      JSONMember("message", .string(message)),
    ]
    if let fix { members.append(JSONMember("fix", .string(fix))) }
    return .object(members)
  }

  /// The error that ``json`` describes; nil when it describes none.
  package init?(json: JSONValue) {
    guard let word = json["kind"]?.text, let kind = Kind.allKinds.first(where: { $0.word == word }),
      let code = json["code"]?.text, let message = json["message"]?.text
    else { return nil }
    self.init(kind, code: code, message, fix: json["fix"]?.text)
  }
}

extension RuntimeError.Kind {
  fileprivate static let allKinds: [RuntimeError.Kind] = [
    .invalid, .unavailable, .notFound, .refused, .timeout, .rejectedPackage, .internal,
  ]

  /// The kind in the contract's spelling.
  package var word: String {
    switch self {
    case .notFound: "not_found"
    case .rejectedPackage: "rejected_package"
    case .invalid, .unavailable, .refused, .timeout, .internal: rawValue
    }
  }
}
