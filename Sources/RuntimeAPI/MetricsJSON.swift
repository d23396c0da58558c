import Telemetry
package import WorkflowModel

extension [MetricFamily] {
  /// `cloacina.metrics/1`
  package var contract: JSONValue { .list("metrics", map(\.contract)) }
}

extension MetricFamily {
  fileprivate var contract: JSONValue {
    .object([
      JSONMember("name", .string(name)), JSONMember("type", .string(kind.rawValue)), JSONMember("help", .string(help)),
      JSONMember("samples", .array(samples.map(\.contract))),
    ])
  }
}

extension MetricFamily.Sample {
  fileprivate var contract: JSONValue {
    .object([
      JSONMember("labels", .object(labels.map { JSONMember($0.name, .string($0.value)) })),
      JSONMember("value", .number(number)),
    ])
  }
}
