import CloacinaKit

// collect_data → process_data → generate_report: raw_data → processed_data → final_report.
let cloacina = Package {
  workflow("data_processing", description: "Collects rows, processes them and writes a report") {
    task("collect_data", description: "Makes `rows` rows, 5 unless the input says otherwise") { call in
      let count = call.input["rows"]?.int ?? 5
      guard (1...10_000).contains(count) else {
        throw TaskFailure.permanent("rows must be between 1 and 10000, not \(count)")
      }
      call.set("raw_data", JSON((1...count).map { JSON($0 * 10) }))
    }

    task(
      "process_data", after: "collect_data", description: "Adds the rows up, for `pause_ms` milliseconds if asked to",
      retry: .exponential(attempts: 3, base: .milliseconds(100)), timeout: .seconds(30)
    ) { call in
      guard let rows = call.input["raw_data"]?.array else {
        throw TaskFailure.permanent("collect_data left no raw_data")
      }
      let total = rows.compactMap(\.int).reduce(0, +)
      if let pause = call.input["pause_ms"]?.int { try await Task.sleep(for: .milliseconds(pause)) }
      call.set("processed_data", ["count": JSON(rows.count), "total": JSON(total)])
    }

    task("generate_report", after: "process_data", description: "Says in a sentence what was found") { call in
      let count = call.input["processed_data"]?["count"]?.int ?? 0
      let total = call.input["processed_data"]?["total"]?.int ?? 0
      call.log("reporting on \(count) rows")
      call.set("final_report", ["generated_by": "simple_demo 1.0.0", "summary": "\(count) rows, total \(total)"])
    }
  }
}
