extension Grammar {
  static let planVerbs = [
    Verb(
      "package plan", "Show what would change if an archive were registered and activated",
      operands: [Operand("FILE", "an archive")],
      flags: [
        Flag(
          "isolation", value: "HOW", choices: ["runner", "in-process"],
          "how it would be registered: runner (default), in-process"),
        Flag("detailed-exitcode", "exit code 10 when something would change, 8 when it would be refused"),
      ],
      details: [
        "Nothing of the archive is run and nothing is written; that it loads is proved when it is registered.",
        """
        A change is marked with ! when what went well may fail, wait or come out otherwise under the new version.
        """,
        """
        Runs in flight stay pinned to the active version, but those of a workflow that says 'upgrade = next-task' \
        there go on by the new one from their next task on, if what has ended or runs then fits it.
        """,
        """
        Permissions that the new version would have and the active one has not are marked as granted. They are not \
        enforced in process.
        """,
        "INPUT says what changes of the schemas that the inputs of runs have to fit; see docs/input-schemas.md.",
        "An archive in quarantine, a version that was yanked, and one with other bytes would be refused.",
        "An archive that breaks a rule of the format is exit code 8 also without --detailed-exitcode.",
      ],
      examples: ["package plan hello.cloacina", "package plan hello.cloacina --detailed-exitcode -o json"])
  ]

  static let whyVerbs = [
    Verb(
      "why", "Explain why a run, package, workflow or task is as it is",
      operands: [
        Operand("ID|NAME", "a run's id, PACKAGE, PACKAGE@VERSION, PACKAGE.WORKFLOW or TENANT::PACKAGE::WORKFLOW::TASK")
      ],
      details: [
        """
        Says why a run waits, which node could take it, why tasks were skipped or repeated and why it runs its \
        version; of a name, why it is active or not, whether it can be run, and what waits for it.
        """,
        "Only what is on record is used; nothing is changed.",
      ],
      examples: [
        "why 0197e0c2-7d1a-7c55-9d0e-2f6d5b1c9a41", "why simple_demo", "why simple_demo@1.0.0 -o json",
        "why public::simple_demo::data_processing::collect_data",
      ])
  ]
}
