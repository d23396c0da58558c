import WorkflowModel

extension View {
  var schedules: String {
    var table = Table([
      .init("ID"), .init("TYPE"), .init("SCHEDULE"), .init("TIME ZONE"), .init("ENABLED"), .init("NEXT (UTC)"),
      .init("LAST (UTC)"), .init("ERROR"),
    ])
    for item in document["schedules"]?.elements ?? [] {
      let isEnabled = item["enabled"]?.bool == true
      let error = item["last_error"]?.text
      table.add([
        .init(item["id"]?.text ?? ""), .init(item["type"]?.text ?? ""), .init(item["schedule"]?.text ?? ""),
        .init(item["timezone"]?.text ?? ""),
        .init(isEnabled ? "yes" : "no", isEnabled ? .green : error == nil ? .dim : .red),
        .init(View.time(item["next_run_at"])), .init(View.time(item["last_run_at"])), .init(error ?? ""),
      ])
    }
    return table.text(style)
  }
}
