import PackageArchive
import PackageHost
import PackageRegistry
import WorkflowModel
import WorkflowStore

extension RuntimeError {
  init(_ error: StoreError) {
    let kind: Kind =
      switch error.code {
      case .unavailable, .full, .corrupt, .failed: .unavailable
      case .locked, .packageConflict, .schemaNewer, .schemaChanged: .refused
      case .notFound: .notFound
      case .invalid: .invalid
      }
    self.init(kind, code: error.code.rawValue, error.message)
  }

  init(_ error: HostError) {
    // The process is full, whatever the package is like.
    let kind: Kind = error.code == ImageTable.fullCode ? .refused : .rejectedPackage
    self.init(kind, code: error.code, error.message)
  }

  init(_ error: ArchiveError) {
    self.init(.rejectedPackage, code: error.code, error.message, fix: error.fix)
  }

  init(_ error: RegistryError) {
    switch error {
    case .archive(let cause): self.init(cause)
    case .host(let cause): self.init(cause)
    case .graph(let workflow, let cause):
      self.init(.rejectedPackage, code: cause.code, "workflow '\(workflow)': \(cause.message)")
    case .store(let cause): self.init(cause)
    case .notFound(let message):
      self.init(.notFound, code: "CLO-R003", message, fix: "cloacina-ctl package list")
    }
  }
}
