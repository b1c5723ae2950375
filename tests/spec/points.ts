/**
 * Everything that the product's source documents ask for and that must exist, by number. A point counts as
 * covered when a test that carries its number in its name ran and passed:
 * `test("S4-38: a run that fails leaves one dead letter", …)`. `npm run spec` counts them.
 */
export const DOCUMENTS = {
  S0: "FIFO queue on Netlify (image generation)",
  S1: "Task queue with retries and a live stream",
  S2: "Asynchronous processing and queues",
  S3: "Course: asynchronous processing",
  S4: "Queue system for Netlify and Supabase (main specification)",
} as const;

export type DocumentId = keyof typeof DOCUMENTS;

export const POINTS: Readonly<Record<string, string>> = {
  "S0-1": "FIFO queue: tasks are processed first-in-first-out",
  "S0-2": "Concurrency control: max 6 at once (MAX_CONCURRENCY = 6)…",
  "S0-3": "Rate limit simulation: each task takes ~30 s (simulated image-generation API)",
  "S0-4": "Live dashboard: queued, processing and completed tasks in real time",
  "S0-8":
    "Flow: Browser (React) → HTTP POST → queue-task (receive, create task, save, trigger workload) → router…",
  "S0-9": "Endpoint POST /api/queue-task (function queue-task.mts)",
  "S0-10":
    "Endpoint GET /api/queue-status (queue-status.mts): tasks grouped by status (queued, processing, completed)",
  "S0-11": "Endpoint clear queue (clear-queue.mts; path not given — ours: POST /api/clear-queue, admin only)",
  "S0-12": "Async workload process-task (process-task.mts)",
  "S0-13": "State schema QueueState { queue: string[]; processing: string[]; completed: string[]…",
  "S0-14": "Transitions: append to end of queue → processing → completed",
  "S0-15": "Race condition handling: no lost updates when several tasks finish at once (examples…",
  "S0-16": "Mitigation 1: staggered client requests, 50 ms apart",
  "S0-17": "Mitigation 2: read-modify-write retry, 5 retries, 10 + random*20 ms",
  "S0-18": "Mitigation 3: unique ids from Date.now() + performance.now() + random()",
  "S0-19":
    "Mitigation 4: idempotent completion (check the task exists; multiple completions do not corrupt state)",
  "S0-21":
    '"For production at scale" (3M users): external database (PostgreSQL) with transactions/WAL, distributed lock…',
  "S0-22": "Real-world example as a test: 6 tasks finish simultaneously → all six end completed, none lost",
  "S0-23": 'UI: button "Queue 5 Tasks" sends 5 POSTs 50 ms apart',
  "S0-24": "queue-task steps: unique id → read state → append → save → if under limit, trigger process-task",
  "S0-25":
    "process-task steps 1–9: receive event, read state, check limit (6), shift first of queue to processing, save…",
  "S0-26": "UI polls status every 2 seconds",
  "S0-27": 'netlify.toml: functions directory, node_bundler = "esbuild", @netlify/plugin-nextjs…',
  "S0-28": "Setup: Node 20+, Netlify CLI, npm install, enable the extension (team settings…",
  "S0-29": 'Troubleshooting entries: "AsyncWorkloadsClient#send() did not get a event router ack"…',
  "S1-1": "Async tasks processed independently; FIFO with concurrency limit",
  "S1-2": "Max 5 tasks at once",
  "S1-3": "Exponential backoff 2 s → 4 s → 8 s → 16 s; attempt 5 fails → give up",
  "S1-4": "Formula: min(2000 * 2^(n-1), 60000), jitter capped * 0.25 * (random - 0.5) (i.e. ±12.5 %), floor",
  "S1-5":
    "Error classification: retryable = timeouts, [429, 500, 502, 503, 504]; permanent = 400, 401, 404 (other 4xx)",
  "S1-6": "SSE: event: + data: JSON pushed to ALL connected clients on each state change",
  "S1-7":
    'Backpressure: reject when the queue is full; limit 100, error "Queue full"; accepted again as tasks complete',
  "S1-8": "Provider: free image API (Pollinations.ai, no key); client file replicate.js…",
  "S1-9": "States pending → processing → completed | (retry later) | failed",
  "S1-10": "POST /tasks submit",
  "S1-11": "GET /tasks list all",
  "S1-12": "GET /tasks/:id one",
  "S1-13": "DELETE /tasks/:id cancel pending task",
  "S1-14": "GET /stats queue statistics",
  "S1-15": "GET /queue/stream SSE stream",
  "S1-16": "Test: submit prompt; watch pending → processing → completed; see image",
  "S1-17": 'Test: prompt containing "fail permanently" triggers mock permanent failure…',
  "S1-18": 'Test: 100+ prompts rapidly → "Queue full" after 100 → accepted again later',
  "S1-19": "Test: 10 prompts quickly → max 5 processing → complete in batches",
  "S1-20": "Quick start: npm install, npm start, http://localhost:3000; no API key; .env.example",
  "S1-21":
    "Frontend (index.html, styles.css, app.js) and backend (server.js, queue.js QueueManager, worker.js…",
  "S1-22": "Next step 1: persistent storage to survive restarts",
  "S1-23": "Next step 2: priority queues, VIP tasks jump ahead",
  "S1-24": "Next step 3: dead letter queue for permanently failed tasks",
  "S1-25": "Next step 4: per-user submission limits",
  "S1-26": "Next step 5: WebSocket two-way communication for cancellation",
  "S1-27": "Next step 6: metrics: success rates, average processing time",
  "S1-28": "Next step 7: multiple workers across processes",
  "S2-1":
    "Use async for > 500 ms: image/video, e-mail, PDF, push notifications, analytics/logging, feed updates…",
  "S2-3": "API returns 202 immediately; worker does the work",
  "S2-5":
    'Image upload: POST /upload → {"status":"processing","job_id"}, 202; thumbnail 800×800; upload to storage…',
  "S2-6": "Registration: POST /register → 201 at once; welcome e-mail in background, max_retries=3, backoff",
  "S2-8": "Pattern 2: priority queues: high = password-reset e-mails; low = marketing, analytics",
  "S2-9": "Pattern 3: topic queues: image, e-mail, video; scaled independently",
  "S2-10":
    "External API: attempt 1 immediate, then 2, 4, 8, 16 s, retry_backoff_max=600 (10 min), max_retries=5",
  "S2-11": "DLQ after 3 failures: {task, data, error, timestamp}, re-raise; manual inspection",
  "S2-12": "Fan-out problem: 10,000 followers; looping in the request takes 10+ s (bad)",
  "S2-13":
    "Push model: one job, prepend post id to feed:{follower}, keep latest 1000; read first 50; POST /post → 201…",
  "S2-14":
    "Pull model: on read, up to 10 recent posts per followed user, merge, sort by created_at desc, top 50…",
  "S2-15": "Hybrid: > 10,000 followers → pull; else push; read merges both; GET /feed",
  "S2-16":
    'Incoming webhook POST /webhooks/payment: verify Stripe-Signature, queue, 200 {"status":"received"} in < 5 s',
  "S2-17": 'Payment processing: order → paid, e-mail "Payment received!", analytics payment_success',
  "S2-18":
    "Outgoing webhook: payload {event, data, timestamp}, header X-Webhook-Signature, timeout 10 s, max_retries=5…",
  "S2-19":
    "Cron: cleanup_sessions 02:00 daily (older than 30 days); send_digests Monday 09:00 (all active users)…",
  "S2-20": 'GET /queue/stats: pending, failed, workers; alert "Queue depth critical!" if pending > 10,000',
  "S2-22": "The update of a user (POST /user/update; ours PATCH /api/users/:id) fires user.updated",
  "S2-23": 'POST /register answers {status:"registered"}; mail "Welcome!"',
  "S2-24": "Tables orders (payment_id, status), posts (image_url)",
  "S2-25": 'POST /post → 201 {status:"created"}, GET /feed → {posts}',
  "S3-2": "Producer publishes; consumer processes and acks",
  "S3-3": 'Guarantees: at-most-once, at-least-once, exactly-once ("hard!") — we must state ours',
  "S3-6": "Named job with result: resize 800×600, return value stored as job result",
  "S3-7":
    "Job options: delay 5000 ms, attempts 3, exponential backoff 1000 ms, priority 1, keep last 100 completed",
  "S3-8": "Delayed job: reminder in 24 h (86,400,000 ms)",
  "S3-9": "Cron 0 9 * * * daily report",
  "S3-10": "Progress: updateProgress(0…100) and a progress event",
  "S3-11": "Producer rate limit: 100 per second → 429",
  "S3-12": 'Queue-size limits: keep 1000 completed, 5000 failed; waiting > 10,000 → 503 "Queue full"',
  "S3-13": "Dynamic scaling: ceil(depth / 100) workers",
  "S3-14": 'Overload on POST /submit: 503, Retry-After: 30, {"error":"Service busy, retry later"}',
  "S3-15": "Client backoff: maxRetries=5, min(1000*2^i, 30000) + jitter 0–1000 ms",
  "S3-17": "Event with several subscribers: user:created → welcome e-mail AND default settings",
  "S3-18": "Pub/Sub channel notifications, {type:'NEW_MESSAGE', userId}",
  "S4-2": "POST /api/send-newsletter → 202 (job queued) → worker sends, retries → complete",
  "S4-5":
    "E-mail campaign: POST /api/newsletter → 202 {message:'Campaign queued'}; batches of 100, 1000 ms between",
  "S4-6":
    "Report: aggregate data → PDF → upload reports/${job.id}.pdf → notify {type:'report_ready', downloadUrl}",
  "S4-7":
    'Report user flow, 6 steps: click → 202 + job id → "Generating…" → worker → notified (e-mail/push/in-app)…',
  "S4-8": "Import: download+parse, chunks of 50, allSettled, progress %, summary {total, successful, failed…",
  "S4-9": "Other data work: image resizing, bulk updates, ETL",
  "S4-10": "POST /api/webhooks/stripe: verify signature; enqueue {eventId, eventType, data, receivedAt}…",
  "S4-11": "Stripe events: payment_intent.succeeded, customer.subscription.deleted, …",
  "S4-12": "GitHub and other third-party webhooks; handle webhook replay/retry",
  "S4-13":
    "Scheduled: cleanup.expired-sessions 0 3 * * * → {deletedCount}; sync.github-metrics */15 * * * *…",
  "S4-19": "pg_cron: cleanup-expired-tokens 0 3 * * * (auth_tokens, 7 days)…",
  "S4-20": "One Inngest client in one file with one app id",
  "S4-21": "Typed events: email/send.campaign {campaignId, subscriberIds[]}…",
  "S4-22": "send-email-campaign: concurrency 10, retries 5, steps fetch-campaign, send-emails…",
  "S4-23": "netlify/functions/inngest.ts serving sendEmailCampaign, generateReport, processWebhook",
  "S4-24": "netlify.toml redirect /api/inngest → /.netlify/functions/inngest (200)",
  "S4-25": "Env INNGEST_SIGNING_KEY, INNGEST_EVENT_KEY",
  "S4-26": "Trigger: select email_subscribers where list_id, status='active'; send event…",
  "S4-27":
    "on-user-signup on user/signup {userId,email}: send-welcome-email (template welcome), initialize-user-data…",
  "S4-28": "daily-cleanup 0 3 * * *: clean-sessions, clean-audit-logs (90 days), returns both counts",
  "S4-29": "sync-github-metrics */15 * * * *: fetch, upsert github_metrics",
  "S4-30": "process-import on import/start {importId, fileUrl}…",
  "S4-31": "process-import-batch: concurrency 5; process-records, update-progress",
  "S4-32":
    "send-profile-reminder on user/signup: sleep 24 h, check profile, template complete-profile-reminder…",
  "S4-33": "Backoff: retries 5, ~10 s, 20 s, 40 s…",
  "S4-34": 'Custom: attempt number (0–3, "of 4"), RATE_LIMITED → retry after 60 s, INVALID_INPUT…',
  "S4-35": "Table: e-mail 5 exponential; payment 3 fixed 30 s; report 2 none; webhook 5 exponential…",
  "S4-36": "Idempotency: payment/process {orderId, amount, idempotencyKey}…",
  "S4-38":
    "onFailure: row in dead_letter_queue (event_name, event_data, error_message, error_stack, failed_at…",
  "S4-39":
    "Table dead_letter_queue: id uuid pk, event_name text not null, event_data jsonb not null, error_message text…",
  "S4-40":
    'Admin reprocess endpoint: load by id ("DLQ item not found"), re-send with _dlqReprocessed, _dlqItemId…',
  "S4-41": "Way to set ignored",
  "S4-42":
    "Thresholds: queue depth > 1000; processing time > 30 s; failure rate > 5 %; retry rate > 20 %; DLQ > 10/hour…",
  "S4-43": "Dashboard: event timeline, function runs, metrics, logs per step, replays",
  "S4-44": "Sentry transaction/span per job, status ok/error, tags jobType, eventId",
  "S4-45": "monitor-dlq */5 * * * *: failed rows in last hour > 10…",
  "S4-46":
    "Structured logs: started / completed / failed with jobId, jobType, data/result/error+stack; step-level debug",
  "S4-47": "Categories: Transient (retry), Rate limit (retry longer), Invalid input (don't retry, log)…",
  "S4-48": "Mapping: missing e-mail → non-retriable; 429 → retry later; 400 → non-retriable…",
  "S4-49": "Graceful degradation: primary e-mail provider, else fallback; returns which",
  "S4-50":
    "onFailure → Sentry + table job_errors (event_id, event_name, event_data, error_message, error_stack)",
  "S4-51": "P1 Critical (payments, security alerts) immediate; P2 High (user notifications) < 1 min…",
  "S4-52": "Critical concurrency 50, background 2; helper queueJob(name, data, priority='NORMAL')…",
  "S4-53": "Deadlines: past → {status:'skipped', reason:'deadline_passed'} + warn…",
  "S4-54": "API limiting: concurrency 10 keyed by event.data.apiProvider…",
  "S4-55":
    "Batch with limits: 100 per batch, 1000 ms between (not after last), steps process-batch-i, batch-delay-i",
  "S4-56": "Token bucket: 100 tokens, refill 10/s, wait 100 ms polls",
  "S4-58": "Optimise: batch (1000 events → 1), combine steps (3 → 1), avoid needless retries",
  "S4-59": "Estimates: 10,000×3 ~$3; 50,000×5 ~$25; 200,000×5 ~$100; 1M+ custom",
  "S4-60": "Free-tier tips (5): batch, cron, minimise steps, filter early, pg_cron for DB-only",
  "S4-62": "Candidates: email.sendNewsletter, report.generate, import.processFile, webhook.processPayment…",
  "S4-63": "Phase 2 infrastructure (4 steps)",
  "S4-64": "Phase 3 flag async_newsletter → {status:'queued'} else sync",
  "S4-65":
    'Phase 4 UI: toast "queued", pollJobStatus(jobId) every 2000 ms, completed → success toast, failed…',
  "S4-66": "Phase 5 percentage rollout, start 10 %",
  "S4-67": "Phase 6: remove flags, delete sync code, update docs, monitor",
  "S4-68":
    "Example: campaign send → 404 {error:'Campaign not found'} or 202 {message:'Campaign queued for sending'…",
  "S4-71": "Function template: retries 5, concurrency 10, onFailure, validate → process → notify",
  "S4-72": "Cron table: * * * * * monitoring; */5; */15; 0 * * * *; 0 3 * * *; 0 0 * * 0; 0 0 1 * *",
  "S4-73": "Troubleshooting table (5): route not configured; retries exhausted; high latency…",
  "S4-75":
    "Tables named: sessions, audit_logs, auth_tokens, email_subscribers, github_metrics, dead_letter_queue…",
  "S4-76": "Functions named but not shown: generateReport, processWebhook",
  "S4-77": "getJobStatus(jobId) endpoint with state in completed/failed/(other)",
  "S4-78": "Slack helper {channel, text, details|severity}",
  "S4-79": "Data exports: any list as CSV, streamed",
  "S4-80": "Import payload importType, userId",
  "S4-81": "Notification of a report: at least in-app and e-mail, one row per person",
  "S4-82": "Queue names with dots are the events' names in another spelling: one table maps them",
  "S4-83": "pg_cron with create extension: the same SQL entry point, by an optional migration",
  "S4-84":
    "Transactional and notification mail, analytics event user_signup, P5 archival, weekly reports, monthly tasks",
};
