export const help = `The local engine: Inngest's protocol for development and tests. Production runs on Inngest.

  npm run engine                          serve on http://127.0.0.1:8288, state in memory
  npm run engine -- --app <url>           and follow the app at this address

Start your app with INNGEST_DEV=http://127.0.0.1:8288. Without --app, let it register: curl -X PUT <its serve url>.

  --port <n>             port (PORT, 8288); 0 takes a free one
  --host <address>       address to listen on (127.0.0.1)
  --app <url>            serve endpoint of an app, may be repeated (APP_URL); asked again every five seconds
  --database-url <url>   keep state in this Postgres, schema "engine" (DATABASE_URL); one engine per database
  --signing-key <key>    cloud mode: sign calls and demand the key from every caller of the API
  --event-key <key>      accept events under this key only, may be repeated
  --retry-interval <s>   the same delay before every retry, instead of Inngest's table
  --no-checkpointing     one step per request, also for apps that enable checkpointing
  -h, --help             this text

It models
  events        one, many (those before a bad one are taken), seeds, own ids (once per function in 24 h), wildcard
                triggers, if
  expressions   conditions: paths of the event and literals with == != < <= > >= && || ! ?: startsWith endsWith
                contains; matches (cancelOn, waitForEvent): async.x with a literal, or event.x == async.x, joined by
                && and ||; keys: one path
  steps         run, sleep, sleepUntil, waitForEvent, invoke, sendEvent; in sequence, parallel, race, nested
  failure       retries by Inngest's table, RetryAfterError, NonRetriableError, caught errors, onFailure, system events
  schedules     cron with time zones; a tick missed while the engine was down is made up for once, at the start
  cancelling    cancelOn, timeouts, one run, bulk by expression
  flow control  concurrency, throttle, rateLimit, debounce, batchEvents, priority, singleton (what it skips stands on the page,
                not in the API), idempotency
  SDK modes     checkpointing on, off and buffered; signed cloud mode; large state through the API
  reading       /v1/events, /v1/events/:id, /v1/events/:id/runs, /v1/runs/:id, DELETE /v1/runs/:id, /v1/cancellations,
                POST /v1/runs/:id/rerun, POST /api/v2/runs/:id/rerun, POST /invoke/:slug; of its own GET /local/runs,
                GET /local/usage and a page at /

It refuses, by name, when functions are registered or steps arrive
  waitForSignal and signals, step.fetch, step.ai.infer, defer, realtime, connect, streaming, durable endpoints,
  reruns from a step, the jitter and @-names of crons, a debounce's timeout, SDKs before 3.54, all other expressions, JSON
  of more than 1,000 levels, and every setting it does not know. Use the Inngest Dev Server for these: npm run start:inngest.
`;
