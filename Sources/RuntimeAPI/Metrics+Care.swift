import CloacinaRuntime
import Telemetry
import WorkflowModel
import WorkflowStore

extension Metrics {
  /// How hosts are taken care of, and the libraries mapped for good: of every living node that reports them; of this
  /// process as they are now.
  static func care(_ status: RuntimeStatus) -> [MetricFamily] {
    var endings = MetricFamily(
      "cloacina_host_endings_total", .counter, "Hosts a node has ended or replaced, by reason.")
    var runners = MetricFamily("cloacina_runners_limit", .gauge, "Runners a node keeps.")
    var images = MetricFamily("cloacina_images", .gauge, "Libraries mapped into a node's process, for good.")
    var limit = MetricFamily("cloacina_images_limit", .gauge, "Libraries a node's process may map.")
    var bytes = MetricFamily("cloacina_image_bytes", .gauge, "Bytes of the libraries mapped into a node's process.")
    for (node, care, use) in carers(status) {
      let label = ("node", node)
      for reason in RunnerCare.Reason.allCases {
        endings.add(care.endings[reason] ?? 0, [label, ("reason", reason.rawValue)])
      }
      runners.add(care.rules.residentLimit, [label])
      images.add(use.count, [label])
      limit.add(use.limit, [label])
      bytes.add(use.bytes, [label])
    }
    return [endings, runners, images, limit, bytes]
  }

  private static func carers(_ status: RuntimeStatus) -> [(node: String, care: CareStatus, images: ImageUse)] {
    var found: [(node: String, care: CareStatus, images: ImageUse)] = []
    // A command beside the nodes has no hosts to take care of.
    if status.member != nil { found.append((status.node, status.care, status.images)) }
    for node in status.nodes where node.isAlive && node.report.bootID != status.bootID {
      guard let care = node.report.care, let images = node.report.images else { continue }
      found.append((node.report.name, care, images))
    }
    return found
  }
}
