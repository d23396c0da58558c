extension Grammar {
  private static let packageName = Operand("NAME", "name of a package")

  static let packageVerbs = [
    Verb(
      "package build", "Build a package folder into a .cloacina archive",
      operands: [Operand("DIR", isOptional: true, "folder with package.toml (default: the current folder)")],
      flags: [Flag("file", short: "o", value: "FILE", "archive to write (default: NAME.cloacina in DIR)")],
      usesDatabase: false, usesTenant: false,
      details: [
        "Here -o names the archive; the output format has only its long name, --output.",
        """
        A table [permissions] in package.toml says what the code does without: network = false, processes = false, \
        write = "none", memory = "256 MiB". Its runner is held to that by the kernel.
        """,
      ],
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
        allowDowngrade, whenStaged, waitForRuns, rollbackOn,
        Flag(
          "isolation", value: "HOW", choices: ["runner", "in-process"],
          "runner (default): a process of its own; in-process: only for code trusted like the engine"),
      ],
      formats: items,
      details: [
        "Registering the same bytes again changes nothing. The same version with other bytes is refused.",
        """
        An archive that cannot be loaded, or whose self-test fails, is not registered: it is in quarantine, and \
        refused without a try for a while.
        """, "In process the permissions of a package are not enforced.", stepsDetail, downgradeDetail, stagingDetail,
        waitDetail, ruleDetail,
      ],
      examples: [
        "package register hello.cloacina --activate", "package register hello.cloacina --activate --when-staged",
        "package register hello.cloacina --activate --rollback-on 'error_rate > 5% for 60s'",
      ]),
    Verb("package list", "List packages with all their versions", formats: items, examples: ["package list"]),
    Verb(
      "package versions", "List the versions of one package, with their states", operands: [packageName],
      formats: items,
      details: ["Below the list stand the rules under which versions are or were, and what they came to."],
      examples: ["package versions hello"]),
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
