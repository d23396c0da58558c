import WorkflowModel

extension View {
  private static let permissionKinds: Set = ["permission_added", "permission_removed", "memory_limit"]

  /// `no network, no other programs, at most 256.0 MiB of addresses`; `not restricted` when everything is permitted.
  static func permissions(_ value: JSONValue) -> String {
    var words: [String] = []
    if value["network"]?.bool == false { words.append("no network") }
    if value["processes"]?.bool == false { words.append("no other programs") }
    if value["write"]?.text == "none" { words.append("writes no files") }
    if let limit = value["memory_bytes"]?.integer { words.append("at most \(Quantity.bytes(limit)) of addresses") }
    return words.isEmpty ? "not restricted" : words.joined(separator: ", ")
  }

  /// What the new version would be permitted, and below it what the old one was not, or no longer is.
  func planPermissions(_ new: JSONValue) -> String {
    let changes = (document["changes"]?.elements ?? []).filter { View.permissionKinds.contains($0["kind"]?.text ?? "") }
    return planLine("ACCESS", View.permissions(new["permissions"] ?? .null))
      + changes.map { planLine("", permissionChange($0)) }.joined()
  }

  /// `  + granted: network`, `! - taken away: network`
  private func permissionChange(_ change: JSONValue) -> String {
    let (old, new) = (change["old"] ?? .null, change["new"] ?? .null)
    let isBreaking = change["breaking"]?.bool == true
    let subject =
      change["kind"]?.text == "memory_limit"
      ? "memory \(View.memoryLimit(old)) → \(View.memoryLimit(new))" : (new.text ?? old.text ?? "")
    // What is granted is somebody's decision too, so it is not left pale.
    return style.paint(
      (isBreaking ? "! - taken away: " : "  + granted: ") + SafeText.line(subject), isBreaking ? .yellow : .cyan)
  }

  private static func memoryLimit(_ value: JSONValue) -> String { value.integer.map(Quantity.bytes) ?? "unlimited" }
}
