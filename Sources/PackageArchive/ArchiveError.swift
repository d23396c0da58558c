/// Why an archive, a package.toml or a stored package was refused: the reason, the evidence and what to do.
package struct ArchiveError: Error, Sendable, Equatable, CustomStringConvertible {
  package var reason: ArchiveRefusal
  /// What was found and what is asked for, with the member's name and the numbers.
  package var message: String
  /// What to do about it, as one sentence.
  package var fix: String

  init(_ reason: ArchiveRefusal, _ message: String, fix: String? = nil) {
    self.reason = reason
    self.message = message
    self.fix = fix ?? reason.fix
  }

  /// The stable code of the reason, `CLO-A0nn`.
  package var code: String { reason.rawValue }

  package var description: String { "\(code): \(message); \(fix)" }
}

/// The kinds of refusal, each with its stable code.
package enum ArchiveRefusal: String, Sendable, CaseIterable {
  // Reading an archive.
  case unknownFormat = "CLO-A001"
  /// The compressed stream or the tar inside of it breaks its own format, or ends early.
  case damaged = "CLO-A002"
  case trailingBytes = "CLO-A003"
  case tooLarge = "CLO-A004"
  /// The archive grows suspiciously much when it is unpacked.
  case ratio = "CLO-A005"
  case tooManyEntries = "CLO-A006"
  case memberName = "CLO-A007"
  /// A link, device, sparse file or anything else that is no plain file.
  case memberKind = "CLO-A008"
  case duplicateMember = "CLO-A009"
  case statementNotFirst = "CLO-A010"
  case statement = "CLO-A011"
  case unlistedMember = "CLO-A012"
  case missingMember = "CLO-A013"
  case memberDigest = "CLO-A014"
  case memberSize = "CLO-A015"
  case metadata = "CLO-A016"
  case manifest = "CLO-A017"
  /// Two members say different things about the package.
  case contradiction = "CLO-A018"
  case packageName = "CLO-A019"
  case packageVersion = "CLO-A020"
  case otherTarget = "CLO-A021"
  case library = "CLO-A022"
  // Reading a package.toml.
  case authorSyntax = "CLO-A030"
  case authorUnknownKey = "CLO-A031"
  case authorMissingKey = "CLO-A032"
  case authorValue = "CLO-A033"
  // Writing an archive.
  case writing = "CLO-A040"
  case sourceDate = "CLO-A041"
  case contents = "CLO-A042"
  // The content store.
  case storage = "CLO-A050"
  case notStaged = "CLO-A051"
  case storedDamage = "CLO-A052"

  var fix: String {
    switch self {
    case .unknownFormat: "pass a .cloacina file made by 'cloacina-ctl package build'"
    case .damaged, .trailingBytes: "copy or download the archive again, or build it again"
    case .tooLarge, .ratio, .tooManyEntries: "make the package smaller; only libraries and definitions belong into it"
    case .memberName, .memberKind, .duplicateMember, .statementNotFirst, .statement, .unlistedMember, .missingMember,
      .memberDigest, .memberSize, .metadata, .manifest, .contradiction:
      "do not edit archives by hand; build the package again with 'cloacina-ctl package build'"
    case .packageName: "name the package with a letter or '_', then letters, digits, '_' and '-'"
    case .packageVersion: "write the version as MAJOR.MINOR.PATCH, for example 1.0.0"
    case .otherTarget: "build the package on, or for, a machine of this kind"
    case .library: "build the library again with the options that the message names"
    case .authorSyntax, .authorUnknownKey, .authorMissingKey, .authorValue: "correct package.toml"
    case .writing: "free some memory and try again"
    case .sourceDate: "set SOURCE_DATE_EPOCH to seconds since 1970, or unset it"
    case .contents: "pack at least one library, and each target once"
    case .storage: "check the folder's permissions and the free space of its disk"
    case .notStaged, .storedDamage: "stage the package again from its archive"
    }
  }
}
