/// Looks for states that no path of the program leads to.
enum SoundnessCheck {
  /// One query for each kind of fault: it returns what is wrong, and is empty for a sound database.
  static let faults = [
    "SELECT 'event ' || e.id || ' belongs to no run' FROM workflow_event AS e"
      + " WHERE NOT EXISTS (SELECT 1 FROM workflow_run WHERE id = e.workflow_id)",
    "SELECT 'task ''' || t.task || ''' of ' || t.run_id || ' belongs to no run' FROM task_run AS t"
      + " WHERE NOT EXISTS (SELECT 1 FROM workflow_run WHERE id = t.run_id)",
    "SELECT 'run ' || id || ' is leased without an owner, an end or an epoch' FROM workflow_run"
      + " WHERE status = 'leased' AND (leased_by IS NULL OR lease_until IS NULL"
      + " OR (package_digest IS NOT NULL AND lease_epoch = 0))",
    "SELECT 'run ' || id || ' has ended at no time' FROM workflow_run"
      + " WHERE status IN ('succeeded', 'failed', 'cancelled') AND package_digest IS NOT NULL AND completed_at IS NULL",
    "SELECT 'run ' || id || ' is pinned to ' || package_digest || ', which is not registered'"
      + " FROM workflow_run AS r WHERE package_digest IS NOT NULL AND status IN ('pending', 'leased', 'paused')"
      + " AND (deleted_at IS NULL OR status = 'leased')"
      + " AND NOT EXISTS (SELECT 1 FROM package WHERE tenant_id = r.tenant_id AND digest = r.package_digest)",
    "SELECT 'run ' || id || ' has no event ''created''' FROM workflow_run AS r"
      + " WHERE NOT EXISTS (SELECT 1 FROM workflow_event WHERE workflow_id = r.id AND event_type = 'created')",
    // What a retry of the run made begin anew may end again.
    "SELECT 'task ''' || t.task || ''' of run ' || t.run_id || ' ended ' || count(*) || ' times' FROM task_run AS t"
      + " WHERE t.status IN ('succeeded', 'failed', 'skipped') AND NOT EXISTS (SELECT 1 FROM task_run AS n"
      + " WHERE n.run_id = t.run_id AND n.seq > t.seq AND n.task = t.task AND n.status = 'pending' AND n.attempt = 0)"
      + " GROUP BY t.run_id, t.task HAVING count(*) > 1",
    "SELECT 'package ' || name || ' ' || version || ' has no archive' FROM package AS p"
      + " WHERE NOT EXISTS (SELECT 1 FROM package_blob WHERE digest = p.digest)",
    "SELECT 'package ' || package_name || ' of tenant ' || tenant_id || ' is active in a version that is not"
      + " registered' FROM activation AS a"
      + " WHERE NOT EXISTS (SELECT 1 FROM package WHERE tenant_id = a.tenant_id AND digest = a.digest)",
    "SELECT 'offer ' || o.id || ' belongs to no run' FROM task_offer AS o"
      + " WHERE NOT EXISTS (SELECT 1 FROM workflow_run WHERE id = o.run_id)",
    "SELECT 'a permit of key ''' || key || ''' belongs to no run' FROM concurrency_permit AS p"
      + " WHERE NOT EXISTS (SELECT 1 FROM workflow_run WHERE id = p.run_id)",
    "SELECT 'the canary of package ' || package_name || ' of tenant ' || tenant_id || ' is not registered, or nothing"
      + " is active beside it' FROM activation_canary AS c"
      + " WHERE NOT EXISTS (SELECT 1 FROM package WHERE tenant_id = c.tenant_id AND digest = c.digest)"
      + " OR NOT EXISTS (SELECT 1 FROM activation AS a"
      + "  WHERE a.tenant_id = c.tenant_id AND a.package_name = c.package_name AND a.digest <> c.digest)",
    "SELECT 'package ' || name || ' ' || version || ' is ' || state || ', and new runs '"
      + " || CASE state WHEN 'active' THEN 'do not take it' ELSE 'take it' END FROM package AS p"
      + " WHERE (state = 'active') <> (EXISTS (SELECT 1 FROM activation AS a"
      + "  WHERE a.tenant_id = p.tenant_id AND a.digest = p.digest) OR EXISTS (SELECT 1 FROM activation_canary AS c"
      + "  WHERE c.tenant_id = p.tenant_id AND c.digest = p.digest))",
    "SELECT 'package ' || name || ' ' || version || ' is quarantined without a record of why' FROM package AS p"
      + " WHERE state = 'quarantined' AND NOT EXISTS (SELECT 1 FROM package_quarantine"
      + "  WHERE tenant_id = p.tenant_id AND digest = p.digest)",
    "SELECT 'swap ' || id || ' is at its step ' || step || ' and has '"
      + " || CASE WHEN ended_at IS NULL THEN 'not ' ELSE '' END || 'ended' FROM package_swap WHERE (step IN ('done', 'failed')) <> (ended_at IS NOT NULL)",
  ]

  /// At most a hundred faults of each kind.
  static var commands: [Command] {
    faults.enumerated().map { index, sql in
      Command(Statement(name: "checking the database \(index)", sql: "\(sql) LIMIT 100"))
    }
  }
}
