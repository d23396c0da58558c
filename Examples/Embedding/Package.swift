// swift-tools-version:6.2
import PackageDescription

// A program of its own that embeds Cloacina. Elsewhere the dependency is
// .package(url: "https://…/cloacina.git", from: "0.1.0").
let package = Package(
  name: "embedding-example",
  dependencies: [.package(name: "cloacina", path: "../..")],
  targets: [
    .executableTarget(
      name: "embedding-example",
      dependencies: [
        .product(name: "Cloacina", package: "cloacina"),
        // Built into the same folder, which is where the engine looks for it.
        .product(name: "cloacina-runner", package: "cloacina"),
      ])
  ]
)
