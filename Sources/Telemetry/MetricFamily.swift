/// One measured quantity with its values, and its text in the exposition format of Prometheus.
package struct MetricFamily: Sendable, Equatable {
  package enum Kind: String, Sendable {
    /// Only rises, until the process that counts starts anew. The name ends in `_total`.
    case counter
    case gauge
  }

  package struct Sample: Sendable, Equatable {
    /// In order; a name comes once.
    package var labels: [(name: String, value: String)]
    package var value: Double

    package static func == (left: Sample, right: Sample) -> Bool {
      left.value == right.value && left.labels.elementsEqual(right.labels) { $0 == $1 }
    }
  }

  package var name: String
  package var kind: Kind
  package var help: String
  package private(set) var samples: [Sample] = []

  package init(_ name: String, _ kind: Kind, _ help: String) {
    self.name = name
    self.kind = kind
    self.help = help
  }

  /// Adds a value; to that with the same labels when there is one, for a series may come only once.
  package mutating func add(_ value: some BinaryInteger, _ labels: [(String, String)] = []) {
    add(Double(value), labels)
  }

  /// The same for a value with a fraction.
  package mutating func add(_ value: Double, _ labels: [(String, String)] = []) {
    let index = samples.firstIndex { $0.labels.elementsEqual(labels) { $0 == $1 } }
    if let index {
      samples[index].value += value
    } else {
      samples.append(Sample(labels: labels.map { (name: $0.0, value: $0.1) }, value: value))
    }
  }

  /// `# HELP`, `# TYPE` and one line for each value.
  package var exposition: String {
    var text = "# HELP \(name) \(MetricFamily.escaped(help, quotes: false))\n# TYPE \(name) \(kind.rawValue)\n"
    for sample in samples {
      let labels = sample.labels.map { "\($0.name)=\"\(MetricFamily.escaped($0.value, quotes: true))\"" }
      text += name + (labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}") + " \(sample.number)\n"
    }
    return text
  }

  /// Backslashes and line ends always, quotation marks in the value of a label.
  private static func escaped(_ text: String, quotes: Bool) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\n": escaped += "\\n"
      case "\"" where quotes: escaped += "\\\""
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}

extension MetricFamily.Sample {
  /// The value in the shortest form that reads back as it is; whole numbers without a fraction.
  package var number: String {
    let isWhole = value == value.rounded() && abs(value) < 9_007_199_254_740_992
    return isWhole ? String(Int64(value)) : "\(value)"
  }
}
