extension RetryPolicy {
  /// The policy that `json` spells out in full.
  ///
  /// - Throws: ``DescriptorError`` for a key that is missing, unknown or of the wrong type, with its path.
  package init(json: JSONValue) throws(DescriptorError) { try self.init(json: json, path: "") }

  init(json: JSONValue, path: String) throws(DescriptorError) {
    var fields = try ObjectFields(json, path: path)
    self.init()
    maxAttempts = Int(try fields.count("max_attempts"))
    backoff = try fields.word("backoff", as: Backoff.self)
    baseMilliseconds = try fields.count("base_ms")
    capMilliseconds = try fields.count("cap_ms")
    multiplierPermille = Int(try fields.count("multiplier_permille"))
    jitterPermille = Int(try fields.count("jitter_permille"))
    retryOn = []
    for (path, value) in try fields.elements("retry_on") {
      guard let text = value.text else { throw ObjectFields.wrongType(value, "a string", path: path) }
      guard let word = ConditionWord(rawValue: text) else {
        throw ObjectFields.unknownWord(text, as: ConditionWord.self, path: path)
      }
      retryOn.insert(word.condition)
    }
    try fields.end()
  }

  /// The policy with every key written out.
  package var json: JSONValue {
    let words = ConditionWord.allCases.filter { retryOn.contains($0.condition) }
    return .object([
      JSONMember("max_attempts", .integer(maxAttempts)),
      JSONMember("backoff", .string(backoff.rawValue)),
      JSONMember("base_ms", .integer(baseMilliseconds)),
      JSONMember("cap_ms", .integer(capMilliseconds)),
      JSONMember("multiplier_permille", .integer(multiplierPermille)),
      JSONMember("jitter_permille", .integer(jitterPermille)),
      JSONMember("retry_on", .array(words.map { .string($0.rawValue) })),
    ])
  }

  /// The words that stand for ``Conditions`` in JSON.
  private enum ConditionWord: String, CaseIterable {
    case error, timeout, crash

    var condition: Conditions {
      switch self {
      case .error: .error
      case .timeout: .timeout
      case .crash: .crash
      }
    }
  }
}
