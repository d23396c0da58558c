/* The layout of ABI 1.0 on LP64, asserted: a field that moved does not compile. The only C file of the ABI.
 * A later minor version appends fields: it adds lines here and changes the sizes, and nothing else. */
#include <assert.h>
#include <stddef.h>

#include <cloacina/cloacina.h>

#define SIZE(type, bytes) static_assert(sizeof(type) == (bytes), "size of " #type)
#define FIELD(type, field, at) static_assert(offsetof(type, field) == (at), "offset of " #field " in " #type)

static_assert(sizeof(void *) == 8 && sizeof(size_t) == 8, "the ABI is defined for 64-bit targets");
static_assert(sizeof(cloacina_status) == 4, "size of cloacina_status");

SIZE(cloacina_text, 16);
FIELD(cloacina_text, utf8, 0);
FIELD(cloacina_text, count, 8);

SIZE(cloacina_bytes, 16);
FIELD(cloacina_bytes, start, 0);
FIELD(cloacina_bytes, count, 8);

SIZE(cloacina_retry_policy, 40);
FIELD(cloacina_retry_policy, struct_size, 0);
FIELD(cloacina_retry_policy, max_attempts, 4);
FIELD(cloacina_retry_policy, backoff, 8);
FIELD(cloacina_retry_policy, retry_on, 12);
FIELD(cloacina_retry_policy, base_ms, 16);
FIELD(cloacina_retry_policy, cap_ms, 24);
FIELD(cloacina_retry_policy, multiplier_permille, 32);
FIELD(cloacina_retry_policy, jitter_permille, 36);

SIZE(cloacina_rule, 64);
FIELD(cloacina_rule, struct_size, 0);
FIELD(cloacina_rule, kind, 4);
FIELD(cloacina_rule, comparison, 8);
FIELD(cloacina_rule, reserved, 12);
FIELD(cloacina_rule, subject, 16);
FIELD(cloacina_rule, value, 32);
FIELD(cloacina_rule, child_count, 48);
FIELD(cloacina_rule, children, 56);

SIZE(cloacina_task, 120);
FIELD(cloacina_task, struct_size, 0);
FIELD(cloacina_task, flags, 4);
FIELD(cloacina_task, id, 8);
FIELD(cloacina_task, description, 24);
FIELD(cloacina_task, dependency_count, 40);
FIELD(cloacina_task, dependencies, 48);
FIELD(cloacina_task, retry, 56);
FIELD(cloacina_task, timeout_ms, 64);
FIELD(cloacina_task, rule, 72);
FIELD(cloacina_task, tag_count, 80);
FIELD(cloacina_task, tags, 88);
FIELD(cloacina_task, concurrency_key, 96);
FIELD(cloacina_task, concurrency_limit, 112);
FIELD(cloacina_task, reserved, 116);

SIZE(cloacina_workflow, 80);
FIELD(cloacina_workflow, struct_size, 0);
FIELD(cloacina_workflow, on_conflict, 4);
FIELD(cloacina_workflow, name, 8);
FIELD(cloacina_workflow, description, 24);
FIELD(cloacina_workflow, task_count, 40);
FIELD(cloacina_workflow, tasks, 48);
FIELD(cloacina_workflow, upgrade, 56);
FIELD(cloacina_workflow, reserved, 60);
FIELD(cloacina_workflow, input_schema, 64);

SIZE(cloacina_deferral, 48);
FIELD(cloacina_deferral, struct_size, 0);
FIELD(cloacina_deferral, kind, 4);
FIELD(cloacina_deferral, until_unix_ms, 8);
FIELD(cloacina_deferral, name, 16);
FIELD(cloacina_deferral, key, 32);

SIZE(cloacina_call, 184);
FIELD(cloacina_call, struct_size, 0);
FIELD(cloacina_call, attempt, 4);
FIELD(cloacina_call, workflow_index, 8);
FIELD(cloacina_call, task_index, 12);
FIELD(cloacina_call, deadline_unix_ms, 16);
FIELD(cloacina_call, context, 24);
FIELD(cloacina_call, run_id, 32);
FIELD(cloacina_call, workflow, 48);
FIELD(cloacina_call, task, 64);
FIELD(cloacina_call, idempotency_key, 80);
FIELD(cloacina_call, traceparent, 96);
FIELD(cloacina_call, input, 112);
FIELD(cloacina_call, emit, 128);
FIELD(cloacina_call, explain, 136);
FIELD(cloacina_call, log, 144);
FIELD(cloacina_call, heartbeat, 152);
FIELD(cloacina_call, is_cancelled, 160);
FIELD(cloacina_call, defer_until, 168);
FIELD(cloacina_call, progress, 176);

SIZE(cloacina_host, 40);
FIELD(cloacina_host, struct_size, 0);
FIELD(cloacina_host, abi_major, 4);
FIELD(cloacina_host, abi_minor, 6);
FIELD(cloacina_host, context, 8);
FIELD(cloacina_host, explain, 16);
FIELD(cloacina_host, log, 24);
FIELD(cloacina_host, extension, 32);

SIZE(cloacina_package, 168);
FIELD(cloacina_package, struct_size, 0);
FIELD(cloacina_package, abi_major, 4);
FIELD(cloacina_package, abi_minor, 6);
FIELD(cloacina_package, needs_host_minor, 8);
FIELD(cloacina_package, reserved, 10);
FIELD(cloacina_package, reserved2, 12);
FIELD(cloacina_package, required_features, 16);
FIELD(cloacina_package, name, 24);
FIELD(cloacina_package, version, 40);
FIELD(cloacina_package, description, 56);
FIELD(cloacina_package, author, 72);
FIELD(cloacina_package, fingerprint, 88);
FIELD(cloacina_package, compiler, 104);
FIELD(cloacina_package, workflow_count, 120);
FIELD(cloacina_package, workflows, 128);
FIELD(cloacina_package, open, 136);
FIELD(cloacina_package, run, 144);
FIELD(cloacina_package, close, 152);
FIELD(cloacina_package, extension, 160);

SIZE(cloacina_package_metadata, 40);
FIELD(cloacina_package_metadata, package, 0);
FIELD(cloacina_package_metadata, version, 8);
FIELD(cloacina_package_metadata, description, 16);
FIELD(cloacina_package_metadata, author, 24);
FIELD(cloacina_package_metadata, fingerprint, 32);
