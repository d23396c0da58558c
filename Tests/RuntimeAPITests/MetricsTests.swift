import CloacinaRuntime
import Telemetry
import Testing
import WorkflowModel
import WorkflowStore

@testable import RuntimeAPI

@Suite struct MetricsTests {
  private func family(_ name: String, _ status: RuntimeStatus) throws -> MetricFamily {
    try #require(Metrics.families(status).first { $0.name == name }, "\(name)")
  }

  private var status: RuntimeStatus {
    var status = ContractTests.status
    status.member = NodeMembership(state: .ready, leads: true, tags: [], types: [])
    status.bootID = status.nodes[0].report.bootID
    status.counts.runs = [.succeeded: 7, .failed: 2]
    status.hosts[0].memory = 7_340_032
    status.hosts[0].startedAt = 1500
    status.care.endings = [.idle: 3]
    return status
  }

  @Test func namesAndKindsAreValidAndEachFamilyComesOnce() {
    let families = Metrics.families(status)
    #expect(Set(families.map(\.name)).count == families.count)
    for family in families {
      #expect(family.name.wholeMatch(of: /cloacina_[a-z]+(_[a-z]+)*/) != nil, "\(family.name)")
      #expect(family.name.hasSuffix("_total") == (family.kind == .counter), "\(family.name)")
      #expect(!family.help.isEmpty && !family.samples.isEmpty)
      let names = Set(family.samples.map { $0.labels.map(\.name) })
      #expect(names.count == 1, "every value of \(family.name) has the same labels")
    }
  }

  @Test func whatIsCountedIsWhatTheStatusSays() throws {
    let runs = try family("cloacina_runs", status)
    #expect(runs.samples.count == RunStatus.allCases.count, "a status without runs is zero")
    #expect(runs.samples.first { $0.labels[0].value == "succeeded" }?.value == 7)
    #expect(try family("cloacina_runner_memory_bytes", status).samples[0].value == 7_340_032)
    #expect(try family("cloacina_host_start_time_seconds", status).samples[0].value == 1.5)
    let endings = try family("cloacina_host_endings_total", status)
    #expect(endings.samples.first { $0.labels[1].value == "idle" }?.value == 3)
    #expect(try family("cloacina_images_limit", status).samples[0].value == 3)
    #expect(try family("cloacina_connections_limit", status).samples[0].value == 8)
  }

  @Test func hostsOfOtherNodesComeFromTheirReportsAndThoseHereOnce() throws {
    var status = status
    status.bootID = "n-1"
    #expect(try family("cloacina_host_calls_total", status).samples.count == 1, "its own report is not counted again")
    status.nodes[0].report.bootID = "other"
    status.nodes[0].report.name = "other"
    let samples = try family("cloacina_host_calls_total", status).samples
    #expect(samples.map { $0.labels[0].value } == ["n", "other"])
    status.nodes[0].isAlive = false
    #expect(try family("cloacina_host_calls_total", status).samples.count == 1, "a lost node has no runners")
  }

  @Test func careAndLibrariesOfOtherNodesComeFromTheirReports() throws {
    var status = status
    status.nodes[0].report.bootID = "other"
    status.nodes[0].report.name = "other"
    status.nodes[0].report.care?.endings = [.evicted: 5]
    status.nodes[0].report.images = ImageUse(count: 7, bytes: 8, limit: 9)
    let images = try family("cloacina_images", status)
    #expect(images.samples.map { "\($0.labels[0].value) \($0.value)" } == ["n 1.0", "other 7.0"])
    let endings = try family("cloacina_host_endings_total", status).samples
    #expect(endings.first { $0.labels.map(\.value) == ["other", "evicted"] }?.value == 5)
    #expect(endings.first { $0.labels.map(\.value) == ["n", "evicted"] }?.value == 0)
    status.member = nil
    #expect(try family("cloacina_images_limit", status).samples.map(\.value) == [9], "a command has none of its own")
    status.nodes[0].report.images = nil
    #expect(!Metrics.families(status).contains { $0.name == "cloacina_images" }, "an older node does not say")
  }

  @Test func hostsThatLookAlikeAreOneSeries() throws {
    var status = status
    status.bootID = "n-1"
    status.hosts += status.hosts
    let calls = try family("cloacina_host_calls_total", status)
    #expect(calls.samples.count == 1 && calls.samples[0].value == 2)
    #expect(try family("cloacina_host_start_time_seconds", status).samples[0].value == 1.5, "times are not added up")
  }

  @Test func aProcessThatExecutesNothingHasNoSlotsAndTakesCareOfNothing() {
    var status = status
    (status.member, status.nodes) = (nil, [])
    let names = Metrics.families(status).map(\.name)
    #expect(names.contains("cloacina_runs"))
    for own in ["cloacina_slots", "cloacina_host_endings_total", "cloacina_images"] { #expect(!names.contains(own)) }
  }

  @Test func theTextIsEscaped() {
    var family = MetricFamily("cloacina_test", .gauge, "A \"help\" with \\ and\na line end")
    family.add(1, [("a", "x\"y\\z\nw"), ("b", "ü")])
    family.add(0.25)
    family.add(-3_000_000_000, [("a", "c")])
    #expect(
      family.exposition == """
        # HELP cloacina_test A "help" with \\\\ and\\na line end
        # TYPE cloacina_test gauge
        cloacina_test{a="x\\"y\\\\z\\nw",b="ü"} 1
        cloacina_test 0.25
        cloacina_test{a="c"} -3000000000

        """)
  }
}
