extension PackageDescriptor {
  /// The descriptor that `json` spells out in full.
  ///
  /// - Throws: ``DescriptorError`` for a key that is missing, unknown or of the wrong type, with its path.
  package init(json: JSONValue) throws(DescriptorError) {
    var fields = try ObjectFields(json, path: "")
    self.init(name: try fields.text("name"), version: try fields.text("version"), workflows: [])
    description = try fields.text("description")
    author = try fields.text("author")
    fingerprint = try fields.text("fingerprint")
    compiler = try fields.text("compiler")
    abiMajor = Int(try fields.count("abi_major"))
    abiMinor = Int(try fields.count("abi_minor"))
    needsHostMinor = Int(try fields.count("needs_host_minor"))
    for (path, value) in try fields.elements("workflows") {
      workflows.append(try WorkflowDefinition(json: value, path: path))
    }
    try fields.end()
  }

  /// The descriptor with every key written out.
  package var json: JSONValue {
    .object([
      JSONMember("name", .string(name)),
      JSONMember("version", .string(version)),
      JSONMember("description", .string(description)),
      JSONMember("author", .string(author)),
      JSONMember("fingerprint", .string(fingerprint)),
      JSONMember("compiler", .string(compiler)),
      JSONMember("abi_major", .integer(abiMajor)),
      JSONMember("abi_minor", .integer(abiMinor)),
      JSONMember("needs_host_minor", .integer(needsHostMinor)),
      JSONMember("workflows", .array(workflows.map(\.json))),
    ])
  }
}
