import WorkflowModel
import WorkflowStore

extension Bench {
  /// Ids of the runs that the query names, newest first; the count must agree.
  func find(_ query: String, _ change: (inout RunFilter) -> Void = { _ in }) throws -> [RunID] {
    var filter = RunFilter()
    filter.query = try RunQuery(parsing: query, now: now)
    change(&filter)
    let found = try store.runs(filter).map(\.id)
    if filter.before == nil, found.count < filter.limit {
      try expectEqual(try store.countRuns(filter), found.count, "count of \(query)")
    }
    return found
  }
}

extension StoreCheck {
  static let queryChecks: [StoreCheck] = [
    StoreCheck("every field of a query finds what it names, and its negation the rest") { bench in
      try bench.register("demo", "1.0.0", "a", workflows: ["flow", "side"])
      try bench.register("demo", "2.0.0", "b", workflows: ["flow", "side"])
      try bench.activate("demo", "a")
      let old = try bench.submit { $0.priority = 5 }
      let lease = try unwrap(try bench.claim().first, "the run").lease
      bench.now += 1000
      _ = try bench.apply { $0.starts = [lease] }
      _ = try bench.finish(lease, .failed, Failure(.timeout, "it's 100% \"late\" ü"))
      bench.now += 3_600_000
      let side = try bench.submit { submission in
        submission.workflow = "side"
        submission.labels = (try? RunLabels(parsing: ["customer=acme", "a.b=1"])) ?? RunLabels()
      }
      let new = try bench.submit { $0.digest = Bench.digest("b") }
      let all = [new, side, old]
      let found: [(String, [RunID])] = [
        ("workflow = flow", [new, old]), ("workflow = demo.side", [side]), ("workflow in (demo.side, flow)", all),
        ("workflow ~ sid", [side]), ("package = demo", all), ("package ~ em", all), ("type = demo.flow", [new, old]),
        ("status = failed", [old]), ("status in (failed, pending)", all), ("version = 2.0.0", [new]),
        ("version ~ '.0.0'", all), ("version = active", [side, old]), ("version in (active, 2.0.0)", all),
        ("error ~ 'late'", [old]), ("error ~ '100%'", [old]), ("error ~ \"it's\"", [old]), ("error ~ ü", [old]),
        ("error ~ '_'", []), ("error = x", []), ("error.class = timeout", [old]),
        ("label.customer = acme", [side]), ("label.customer ~ cm", [side]), ("label.a.b = 1", [side]),
        ("label.none = acme", []), ("label.customer in (x, acme)", [side]),
        ("created > -1h", [new, side]), ("created >= -1h", [new, side]), ("created < -1h", [old]),
        ("started < +0s", [old]), ("ended <= -1h", [old]), ("ended > -1h", []), ("priority = 5", [old]),
        ("priority <= 5", [old]), ("priority > 5", [new, side]), ("priority in (5, 100)", all),
        ("id = \(side)", [side]), ("id in (\(side), \(new), nonsense)", [new, side]), ("id ~ '-'", all),
        ("status = failed or label.customer = acme", [side, old]), ("status = failed and version = 2.0.0", []),
        ("not (status = failed or version = 2.0.0)", [side]),
      ]
      for (query, ids) in found {
        try expectEqual(try bench.find(query), ids, query)
        try expectEqual(try bench.find("not (\(query))"), all.filter { !ids.contains($0) }, "not (\(query))")
      }
      try expectEqual(try bench.find("status != failed"), [new, side], "unequal")
      try expectEqual(try bench.find("error != x"), all, "a run without an error has none that equals")
      try bench.activate("demo", "b")
      try expectEqual(try bench.find("version = active"), [new], "another one is active")
    },
    StoreCheck("a query is data, whatever stands in it") { bench in
      try bench.prepareDemo()
      let id = try bench.submit()
      for text in ["'); DROP TABLE workflow_run; --", "$1::text", "?1", "%", "a\\", "{\"a\":1}", "$.a", "\"] | x"] {
        let quoted = "\"" + text.map { "\"\\".contains($0) ? "\\\($0)" : String($0) }.joined() + "\""
        for field in ["workflow", "package", "type", "version", "error", "id", "label.x/y.z", "label.$.a"] {
          try expectEqual(try bench.find("\(field) = \(quoted)"), [], "\(field) = \(quoted)")
          try expectEqual(try bench.find("not \(field) ~ \(quoted)"), [id], "\(field) ~ \(quoted)")
        }
      }
      try expectEqual(try bench.find("label.$.a = x or label.\\ = y or label.é = z"), [], "odd names of labels")
    },
    StoreCheck("rows of plain SQL are found by the names their types stand for") { bench in
      try bench.sql("INSERT INTO workflow_run (type, payload) VALUES ('billing.close_day', '{}')")
      let id = try unwrap(try bench.store.runs(RunFilter()).first, "the run").id
      for query in [
        "workflow = close_day", "workflow = billing.close_day", "package = billing", "not version = active",
      ] {
        try expectEqual(try bench.find(query), [id], query)
      }
      for query in ["workflow = billing", "package = close_day", "version = active", "label.x = y"] {
        try expectEqual(try bench.find(query), [], query)
      }
    },
    StoreCheck("a query goes with the other filters, and page by page") { bench in
      try bench.prepareDemo()
      try bench.prepareDemo(tenant: "red")
      let red = try bench.submit { $0.tenant = "red" }
      let ids = try (0..<7).map { index in try bench.submit { $0.priority = index } }
      try expectEqual(try bench.find("priority >= 0") { $0.tenant = "red" }, [red], "tenant")
      try expectEqual(try bench.find("priority < 3") { $0.status = .pending }, ids[0..<3].reversed(), "status")
      let filtered = Array(ids[1...].reversed())
      let first = try bench.find("priority > 0 and priority < 100") { $0.limit = 4 }
      try expectEqual(first, Array(filtered[0..<4]), "first page")
      let second = try bench.find("priority > 0 and priority < 100") { filter in
        filter.limit = 4
        filter.before = first.last
      }
      try expectEqual(second, Array(filtered[4...]), "second page")
    },
    StoreCheck("labels come back as they were given") { bench in
      try bench.prepareDemo()
      let labels = try RunLabels(parsing: ["team=data ü", "customer=ac\"me"])
      let id = try bench.submit { $0.labels = labels }
      let plain = try bench.submit()
      try expectEqual(try bench.run(id).labels, Array(#"{"customer":"ac\"me","team":"data ü"}"#.utf8), "labels")
      try expect(try bench.run(plain).labels == nil, "none")
    },
  ]
}
