extension Grammar {
  static let scheduleVerbs = [
    Verb(
      "schedule list", "List what is run again and again", formats: items,
      details: [
        "Schedules are rows of the table workflow_schedule; they are made, changed, paused and deleted with plain SQL.",
        "A schedule that the engine could not go on with is disabled and says why.",
      ],
      examples: ["schedule list", "schedule list -o json"])
  ]
}
