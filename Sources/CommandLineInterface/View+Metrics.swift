import Telemetry
import WorkflowModel

extension View {
  /// The text format of Prometheus, which people can read too.
  var metrics: String {
    (document["metrics"]?.elements ?? []).map { View.family($0).exposition }.joined()
  }

  private static func family(_ value: JSONValue) -> MetricFamily {
    let kind = value["type"]?.text.flatMap(MetricFamily.Kind.init(rawValue:)) ?? .gauge
    var family = MetricFamily(value["name"]?.text ?? "", kind, value["help"]?.text ?? "")
    for sample in value["samples"]?.elements ?? [] {
      guard case .number(let text)? = sample["value"], let number = Double(text) else { continue }
      family.add(number, (sample["labels"]?.members ?? []).map { ($0.name, $0.value.text ?? "") })
    }
    return family
  }
}
