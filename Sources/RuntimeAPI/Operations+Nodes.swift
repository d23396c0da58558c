import CloacinaRuntime
import WorkflowModel
import WorkflowStore

extension Operations {
  static let nodeOperations: [String: Operation] = [
    "node.list": { operations, parameters, _ throws(RuntimeError) in
      try parameters.finish()
      return Answer(.list("nodes", try operations.runtime.nodes().map(\.contract)))
    },
    "node.show": { operations, parameters, _ throws(RuntimeError) in
      let name = try parameters.text("name")
      try parameters.finish()
      return try operations.show(name)
    },
    "node.set": { operations, parameters, _ throws(RuntimeError) in
      try operations.set(&parameters)
    },
    "node.wait": { operations, parameters, _ throws(RuntimeError) in
      let name = try parameters.text("name")
      let timeout = try parameters.optionalInteger("timeout_ms", in: 0...Int64(Int32.max) * 1000)
      try parameters.finish()
      try operations.runtime.waitUntilDrained(name: name, timeoutMilliseconds: timeout)
      return try operations.show(name)
    },
  ]

  /// One `cloacina.node/1`; a `cloacina.nodes/1` when several living processes have the name.
  private func show(_ name: String) throws(RuntimeError) -> Answer {
    let nodes = try runtime.node(named: name).map(\.contract)
    return Answer(nodes.count == 1 ? nodes[0] : .list("nodes", nodes))
  }

  private func set(_ parameters: inout Parameters) throws(RuntimeError) -> Answer {
    let name = try parameters.text("name")
    let word = try parameters.text("state")
    try parameters.finish()
    guard let state = NodeState(rawValue: word), state != .drained else {
      throw RuntimeError(
        .invalid, code: "CLO-D019", "a node cannot be asked to be '\(word)'", fix: "use ready, cordoned or draining")
    }
    try runtime.setNode(name: name, wanted: state)
    return try show(name)
  }
}
