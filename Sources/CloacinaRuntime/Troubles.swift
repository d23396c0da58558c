import Telemetry

/// What a part of the node cannot do at the moment, each said once in the log and again only when it changes.
struct Troubles: Sendable {
  enum Change: Equatable {
    case began(String)
    case ended
  }

  private var messages: [(subject: String, message: String)] = []

  /// Sentences for people, in the order in which the troubles began.
  var sentences: [String] { messages.map { "\($0.subject): \($0.message)" } }

  /// Takes in how `subject` went; nil for success.
  ///
  /// - Returns: what there is to say, nil when nothing is new.
  mutating func note(_ subject: String, _ message: String?) -> Change? {
    let index = messages.firstIndex { $0.subject == subject }
    switch (index, message) {
    case (nil, nil): return nil
    case (nil, let message?):
      messages.append((subject, message))
      return .began(message)
    case (let index?, nil):
      messages.remove(at: index)
      return .ended
    case (let index?, let message?):
      guard messages[index].message != message else { return nil }
      messages[index].message = message
      return .began(message)
    }
  }

  /// Takes in how `subject` went and writes what is new to the log.
  mutating func log(_ subject: String, _ message: String?) {
    switch note(subject, message) {
    case .began(let message): Log.write(.error, subject, [("error", message)])
    case .ended: Log.write(.info, "\(subject): over")
    case nil: break
    }
  }
}
