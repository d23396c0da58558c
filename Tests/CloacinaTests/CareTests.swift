import CloacinaRuntime
import Foundation
import PackageHost
import Testing
import WorkflowModel

@testable import Cloacina

/// What an application says of the processes of its packages, and of the libraries it maps itself.
@Suite struct CareTests {
  @Test func whatIsSaidOfRunnersAndLibrariesReachesTheEngine() throws {
    let usual = try Application.options().configuration(database: "sqlite:app.db")
    #expect(usual.care == RunnerCare() && usual.host.imageLimit == 64, "the same as the daemon's")
    let options = Application.options { options in
      options.runnerIdle = .milliseconds(1500)
      options.runnerCalls = 7
      options.runnerMemory = 5 << 30
      options.runners = 3
      options.images = 2
    }
    let configuration = try options.configuration(database: "sqlite:app.db")
    var care = RunnerCare()
    (care.idleMilliseconds, care.callLimit) = (1500, 7)
    (care.memoryLimit, care.residentLimit) = (5 << 30, 3)
    #expect(configuration.care == care && configuration.host.imageLimit == 2)
    let never = try Application.options { $0.runnerIdle = nil }.configuration(database: "sqlite:app.db")
    #expect(never.care.idleMilliseconds == 0)
  }

  @Test func librariesInTheProgramAreCountedAndLimited() async throws {
    let application = try Application()
    try await blocking {
      let cloacina = try application.open { options in
        options.isolation = .inProcess
        options.images = 4096
      }
      let task = try cloacina.loader.loadWorkflowPackage(bytes: SampleArchives.old).registerTasks()[0]
      #expect(try task.call(["rows": 1]).outcome == .succeeded)
      let images = cloacina.images
      #expect(images.count >= 1 && images.bytes > 1000 && images.limit == 4096, "\(images)")
      cloacina.close()

      let full = try application.open { options in
        options.isolation = .inProcess
        options.images = 0
      }
      defer { full.close() }
      #expect(full.images.count >= images.count && full.images.limit == 0, "none is ever unmapped")
      let refused = #expect(throws: CloacinaError.self) { try full.registry.registerWorkflow(SampleArchives.unused) }
      #expect(refused?.code == "CLO-P100" && refused?.kind == .refused, "\(String(describing: refused))")
      #expect(refused?.fix?.contains("Options.images") == true, "\(String(describing: refused))")
      #expect(try full.registry.list().map(\.package) == [SampleArchives.name], "it is not registered")
    }
  }
}
