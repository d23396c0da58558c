extension Grammar {
  private static let packageName = Operand("NAME", "name of a package")
  private static let whenStaged = Flag(
    "when-staged", value: "SECONDS", isValueOptional: true, range: 0...86_400,
    "activate once every node that takes in work has the version in place, within so long (default: 60)")
  private static let stagingDetail =
    "With --when-staged the exit code is 7 when a node was not ready in time; what was active stays so."
  private static let rollbackOn = Flag(
    "rollback-on", value: "RULE", "return to the version before when the runs of this one break the rule")
  private static let ruleDetail = """
    A RULE is MEASURE > LIMIT for TIME, several of them with 'or' between them, and at the end 'min N runs' \
    (default: 10). MEASURE is error_rate, with a limit such as 5%, or p50 or p99, the time from a run's creation to \
    its end, with a limit such as 2s or 300ms. It is judged each second over the runs that ended within TIME, and has \
    to hold for TIME. The rule is over with the next activation; exit code 5 (CLO-R070) when there is no version to \
    return to.
    """
  private static let exactVersion = Operand("NAME@VERSION", "package and version, for example etl@1.4.0")

  static let packageVerbs = [
    Verb(
      "package build", "Build a package folder into a .cloacina archive",
      operands: [Operand("DIR", isOptional: true, "folder with package.toml (default: the current folder)")],
      flags: [Flag("file", short: "o", value: "FILE", "archive to write (default: NAME.cloacina in DIR)")],
      usesDatabase: false, usesTenant: false,
      details: ["Here -o names the archive; the output format has only its long name, --output."],
      examples: ["package build .", "package build hello -o hello.cloacina --output json"]),
    Verb(
      "package inspect", "Show what is inside an archive or a registered version",
      operands: [
        Operand("FILE|NAME[@VERSION]", "an archive, or a registered package; without a version the active one")
      ],
      details: [
        "An operand that contains '/' or ends in .cloacina is a file; everything else is looked up in the database."
      ],
      examples: ["package inspect hello.cloacina", "package inspect hello@1.0.0 -o json"]),
    Verb(
      "package verify", "Check an archive completely without registering it",
      operands: [Operand("FILE", "an archive")], usesDatabase: false, usesTenant: false,
      details: ["Nothing of the archive is run. Exit code 8 when it is refused."],
      examples: ["package verify hello.cloacina"]),
    Verb(
      "package register", "Verify an archive and add it to the database",
      operands: [Operand("FILE", "an archive")],
      flags: [
        Flag("activate", "let new runs take this version at once"),
        whenStaged, rollbackOn,
        Flag(
          "isolation", value: "HOW", choices: ["runner", "in-process"],
          "runner (default): a process of its own; in-process: only for code trusted like the engine"),
      ],
      formats: items,
      details: [
        "Registering the same bytes again changes nothing. The same version with other bytes is refused.",
        stagingDetail, ruleDetail,
      ],
      examples: [
        "package register hello.cloacina --activate", "package register hello.cloacina --activate --when-staged",
        "package register hello.cloacina --activate --rollback-on 'error_rate > 5% for 60s'",
      ]),
    Verb("package list", "List packages with all their versions", formats: items, examples: ["package list"]),
    Verb(
      "package versions", "List the versions of one package", operands: [packageName], formats: items,
      details: ["Below the list stand the rules under which versions are or were, and what they came to."],
      examples: ["package versions hello"]),
    Verb(
      "package activate", "Let new runs take another registered version", operands: [exactVersion],
      flags: [whenStaged, rollbackOn], formats: items,
      details: ["Runs in flight keep the version they started with.", stagingDetail, ruleDetail],
      examples: [
        "package activate hello@1.1.0", "package activate hello@1.1.0 --when-staged=120",
        "package activate hello@1.1.0 --rollback-on 'error_rate > 5% for 60s or p99 > 2s for 30s min 20 runs'",
      ]),
    Verb(
      "package rollback", "Return to the version that was active before", operands: [packageName], formats: items,
      examples: ["package rollback hello"]),
  ]

  static let workflowVerbs = [
    Verb(
      "workflow list", "List the workflows of the active versions", formats: items, examples: ["workflow list"]),
    Verb(
      "workflow graph", "Draw the tasks of a workflow in layers",
      operands: [Operand("NAME", "package.workflow, a workflow, or a package that holds one")],
      examples: ["workflow graph simple_demo.data_processing"]),
  ]
}
