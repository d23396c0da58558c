import WorkflowModel

extension View {
  var workflows: String {
    var table = Table([
      .init("WORKFLOW"), .init("VERSION"), .init("TASKS", alignsRight: true), .init("LAYERS", alignsRight: true),
      .init("DESCRIPTION"),
    ])
    for item in document["workflows"]?.elements ?? [] {
      table.add([
        .init(item["id"]?.text ?? ""), .init(item["version"]?.text ?? ""),
        .init(String(item["tasks"]?.elements?.count ?? 0)), .init(String(item["layers"]?.elements?.count ?? 0)),
        .init(item["description"]?.text ?? ""),
      ])
    }
    return table.text(style)
  }

  /// The tasks layer by layer; tasks of one layer may run at the same time.
  var graph: String {
    let tasks = document["tasks"]?.elements ?? []
    let layers = document["layers"]?.elements?.map { $0.elements?.compactMap(\.text) ?? [] } ?? []
    let size = "\(Quantity.count(tasks.count, "task")), \(Quantity.count(layers.count, "layer"))"
    var text = style.paint("\(word("id")) \(word("version"))", .bold) + "  \(size)\n"
    let dependencies = Dictionary(
      tasks.map { ($0["id"]?.text ?? "", $0["dependencies"]?.elements?.compactMap(\.text) ?? []) },
      uniquingKeysWith: { first, _ in first })
    let width = tasks.map { SafeText.width(SafeText.line($0["id"]?.text ?? "")) }.max() ?? 0
    for (index, layer) in layers.enumerated() {
      if index > 0 { text += "   │\n" }
      for (place, task) in layer.enumerated() {
        text += line(task, dependencies[task] ?? [], width, View.connector(index, place, layer.count, layers.count))
      }
    }
    return text
  }

  /// The drawing in front of a task: one line of work that parts and joins again between layers.
  private static func connector(_ layer: Int, _ place: Int, _ count: Int, _ layers: Int) -> String {
    if count == 1 { return layers == 1 ? "──" : layer == 0 ? "┌─" : layer == layers - 1 ? "└─" : "├─" }
    if place == 0, layer == 0 { return "┌─" }
    return place == count - 1 && layer == layers - 1 ? "└─" : "├─"
  }

  private func line(_ task: String, _ dependencies: [String], _ width: Int, _ connector: String) -> String {
    let name = SafeText.line(task)
    guard !dependencies.isEmpty else { return "   \(connector) \(name)\n" }
    let gap = String(repeating: " ", count: width - SafeText.width(name))
    let sources = dependencies.map(SafeText.line).joined(separator: ", ")
    return "   \(connector) \(name)\(gap)  \(style.paint("← \(sources)", .dim))\n"
  }
}
