/// What to do about a package that cannot be loaded.
enum HostFixes {
  /// By the stable code of the refusal; nil for codes that other parts explain themselves.
  static func fix(_ code: String) -> String? { library[code] ?? engine[code] }

  /// What the author does: the words of the table in ABI/README.md.
  static let library = [
    "CLO-P001": "build a shared library for Linux",
    "CLO-P002": "build it for a supported target",
    "CLO-P003": "pack a library for this host's target",
    "CLO-P004": "link with `-shared`",
    "CLO-P005": "build and pack it again",
    "CLO-P006": "export the function with the linker; check the ABI's major version",
    "CLO-P007": "compile with `-fPIC`",
    "CLO-P008": "link with `-z noexecstack`",
    "CLO-P009": "report it: this is a fault of the host",
    "CLO-P010": "link everything it needs; the sentence names what is missing",
    "CLO-P011": "return the package's table",
    "CLO-P012": "set `struct_size` with `sizeof`",
    "CLO-P013": "rebuild with this host's headers",
    "CLO-P014": "update the engine",
    "CLO-P015": "set the reserved fields to zero",
    "CLO-P016": "update the engine, or do without the feature",
    "CLO-P017": "update the engine, or do without the flag",
    "CLO-P018": "update the engine, or correct the value",
    "CLO-P019": "let the task wait for nothing: deferring is not supported yet",
    "CLO-P020": "set the pointer",
    "CLO-P021": "correct the text",
    "CLO-P022": "rename it: a letter or `_`, then letters, digits, `_` and `-`",
    "CLO-P023": "keep to the limits in ABI/README.md",
    "CLO-P024": "flatten the rule",
    "CLO-P025": "rebuild it with the compiler of the host",
    "CLO-P026": "correct the number",
    "CLO-P027": "make room, or raise the limits of the process",
    "CLO-P028": "see the package's own sentence",
  ]

  /// What whoever runs the engine does.
  private static let engine = [
    "CLO-P080": "make room, or raise the limits of the process (ulimit -n, ulimit -v)",
    "CLO-P081": "put cloacina-runner beside the program, or set CLOACINA_RUNNER to its path",
    "CLO-P082": "see what the library's initialisers and its 'open' do; the sentence says how the process ended",
    "CLO-P083": "build the package again with this release",
    "CLO-P114": "use a kernel with seccomp and Landlock; docs/semantics.md, Permissions, says which is needed for what",
    "CLO-P091": "register the package again: cloacina-ctl package register FILE",
    "CLO-P092": "cloacina-ctl db check; restore the database from a backup",
    "CLO-P095": "do without the feature, or update the engine",
    "CLO-P096": "correct the workflow's input schema and build the package again",
    "CLO-P100": "register it with runner isolation, or restart with a higher limit: serve --images, Options.images",
  ]
}
