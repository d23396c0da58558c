import Cloacina

// Runs a workflow of the first archive, swaps the second one in, and shows which version answers whom.
guard CommandLine.arguments.count == 4 else { fatalError("usage: embedding-example DATABASE FIRST SECOND") }
let (database, firstPath, secondPath) = (
  CommandLine.arguments[1], CommandLine.arguments[2], CommandLine.arguments[3]
)

let cloacina = try Cloacina.open(database: database)

// Nothing is registered by loading; registering publishes the tasks under tenant::package::workflow::task.
let first = try cloacina.loader.loadWorkflowPackage(firstPath)
for task in try first.registerTasks(tenant: "public", workflow: "data_processing") {
  print("published \(task.namespace) of \(task.version)")
}

// The run is in the database when this returns, and goes on after a crash.
let workflow = "\(first.name).data_processing"
let run = try cloacina.scheduler.scheduleWorkflow(workflow, context: ["rows": 5])
print("result: \(try run.result(timeout: .seconds(60))["final_report"] ?? nil)")

// A handle keeps the code it was made for; the swap touches neither it nor runs in flight.
let name = try TaskNamespace(
  tenant: "public", package: first.name, workflow: "data_processing", task: "generate_report")
let before = try cloacina.getTask(name)
let second = try cloacina.loader.loadWorkflowPackage(secondPath)
let id = try cloacina.registry.registerWorkflow(second.archive)
let after = try cloacina.getTask(name)

print("active: \(second.version), \(id.short)")
for task in [before, after] {
  let report = try task.call(["processed_data": ["count": 2, "total": 30]]).patch["final_report"]
  print("the handle on \(task.version) is answered by \(report?["generated_by"]?.text ?? "nobody")")
}
cloacina.close()
