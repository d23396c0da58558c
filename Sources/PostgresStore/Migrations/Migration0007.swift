extension Migration {
  static let checkedEvents = Migration(
    number: 7, name: "kinds of events checked",
    sql: "ALTER TABLE workflow_event VALIDATE CONSTRAINT workflow_event_event_type_check;")
}
