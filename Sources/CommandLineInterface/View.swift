import WorkflowModel

/// One document as people read it.
struct View {
  let document: JSONValue
  let style: Style

  init(_ document: JSONValue, _ style: Style) {
    self.document = document
    self.style = style
  }

  var text: String {
    switch Renderer.kind(of: document) {
    case "run": runDetail
    case "runs": document["runs"]?.elements?.contains { $0["tasks"] != nil } == true ? runDetails : runs
    case "start", "starts": starts
    case "cancellation": cancellation
    case "retry": retry
    case "run_migration": runMigration
    case "bulk": bulk
    case "events": Table.events(document["events"]?.elements ?? []).text(style)
    case "event": eventLine
    case "packages": packages
    case "package": packageState
    case "versions": versions
    case "canary": canary
    case "removal": removal
    case "quarantines": quarantines
    case "swaps": swaps
    case "audit": audit
    case "registration": registration
    case "activation": activation
    case "inspection": inspection
    case "verification": verification
    case "build": build
    case "plan": plan
    case "why": why
    case "workflows": workflows
    case "workflow": graph
    case "status": status
    case "metrics": metrics
    case "schema": schema
    case "migration_plan": migrationPlan
    case "schedules": schedules
    case "nodes": nodes
    case "node": nodeDetail
    case "check": check
    case "version": version
    case "serving": serving
    default: document.json + "\n"
    }
  }

  // MARK: Words used by several views

  /// A text member, safe to print; a dash when there is none.
  func word(_ name: String, of value: JSONValue? = nil) -> String {
    SafeText.line((value ?? document)[name]?.text ?? "–")
  }

  func number(_ name: String, of value: JSONValue? = nil) -> Int { Int((value ?? document)[name]?.integer ?? 0) }

  /// The first twelve digits of a digest.
  func digest(_ value: JSONValue? = nil) -> String {
    String(((value ?? document)["digest"]?.text ?? "–").prefix(12))
  }

  static func duration(_ value: JSONValue) -> String {
    value["duration_ms"]?.integer.map(Quantity.duration(milliseconds:)) ?? "–"
  }

  /// `2026-01-31 09:30:00` of an RFC 3339 time.
  static func time(_ value: JSONValue?) -> String {
    guard let text = value?.text, text.utf8.count >= 19 else { return "–" }
    return String(text.prefix(19)).replacing("T", with: " ")
  }

  /// `crash: the runner ended by signal 11 (SIGSEGV)`, or nothing.
  static func failure(_ value: JSONValue) -> String {
    [value["error_class"]?.text, value["error"]?.text].compactMap { $0 }.joined(separator: ": ")
  }

  func paintStatus(_ status: String) -> String { style.paint(status, Style.tint(ofStatus: status)) }
}

extension String {
  /// This text with one ASCII letter replaced everywhere.
  fileprivate func replacing(_ letter: Character, with other: Character) -> String {
    String(map { $0 == letter ? other : $0 })
  }
}
