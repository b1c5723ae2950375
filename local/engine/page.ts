import { html, raw } from "hono/html";
import { type HistoryEntry, hasEnded, type RunDocument } from "./documents.ts";
import type { Engine } from "./engine.ts";

/** The engine's one page: running and ended runs, step by step. The page has no script, so reload it to see changes. */
type Html = ReturnType<typeof html>;

const style = raw(`<style>
  :root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
  body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
  table { border-collapse: collapse; width: 100% }
  th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #8884; vertical-align: top }
  code, pre { font: 13px/1.45 ui-monospace, monospace; overflow-wrap: anywhere; white-space: pre-wrap; margin: 0 }
  nav a { margin-right: 1rem }
  .Completed { color: #188038 } .Failed { color: #c5221f } .Cancelled, .Skipped { color: #80868b } .Running, .Scheduled { color: #1967d2 }
</style>`);

const layout = (title: string, body: Html) => html`<!doctype html>
  <html lang="en">
    <head><meta charset="utf-8" /><meta name="viewport" content="width=device-width" /><title>${title}</title>${style}</head>
    <body>${body}</body>
  </html>`;

const statuses = ["Scheduled", "Running", "Completed", "Failed", "Cancelled", "Skipped"];
const time = (ms: number): string => new Date(ms).toISOString().replace("T", " ").replace("Z", "");

export function listPage(engine: Engine, status: string | undefined): Html {
  const all = [...engine.history.runs.values()].toReversed();
  const shown = all.filter((run) => status === undefined || run.status === status).slice(0, 200);
  const usage = engine.usage();
  const functions = engine.registry.all().length;
  return layout(
    "Engine",
    html`<h1>Engine</h1>
      <p>${functions} functions, ${usage.runs} runs, ${usage.steps} step attempts: ${usage.executions} executions.
        It is ${time(engine.clock.now())} UTC.</p>
      <nav>
        <a href="/">all ${all.length}</a>
        ${statuses.map((name) => html`<a class="${name}" href="/?status=${name}">${all.filter((run) => run.status === name).length} ${name}</a>`)}
      </nav>
      <table>
        <tr><th>Run</th><th>Function</th><th>Status</th><th>Event</th><th>Queued</th><th>Took</th></tr>
        ${shown.map(row)}
      </table>
      ${shown.length === 0 ? html`<p>No runs here yet. Send an event to <code>POST /e/key</code>.</p>` : ""}`,
  );
}

const row = (run: RunDocument): Html =>
  html`<tr>
    <td><a href="/run/${run.id}"><code>${run.id}</code></a></td>
    <td>${run.functionId}</td>
    <td class="${run.status}">${run.status}</td>
    <td>${run.cron ?? run.events[0]?.name}</td>
    <td>${time(run.queuedAt)}</td>
    <td>${run.endedAt === undefined ? "" : `${run.endedAt - run.queuedAt} ms`}</td>
  </tr>`;

export function runPage(run: RunDocument): Html {
  return layout(
    `${run.functionId} ${run.id}`,
    html`<nav><a href="/">all runs</a></nav>
      <h1>${run.functionId}</h1>
      <p><code>${run.id}</code> is <b class="${run.status}">${run.status}</b></p>
      ${hasEnded(run) ? html`<pre>${json(run.error ?? run.output)}</pre>` : waits(run)}
      <h2>What happened</h2>
      <table>
        <tr><th>When</th><th>What</th><th>Step</th><th>Attempt</th><th></th></tr>
        ${run.history.map(line)}
      </table>
      <h2>Events</h2>
      <pre>${json(run.events)}</pre>
      <h2>Steps</h2>
      <table>${run.stack.map((id) => html`<tr><td>${nameOf(run, id)}</td><td><pre>${json(run.steps[id])}</pre></td></tr>`)}</table>`,
  );
}

const waits = (run: RunDocument): Html =>
  html`<p>Waits for: ${Object.values(run.jobs).map(({ kind, at, stepId }) => html`<code>${kind} ${stepId === undefined ? "" : nameOf(run, stepId)} ${time(at)}</code> `)}</p>`;

const line = ({ at, what, name, stepId, attempt, note }: HistoryEntry): Html =>
  html`<tr><td>${time(at)}</td><td>${what}</td><td>${name ?? stepId ?? ""}</td><td>${attempt ?? ""}</td><td>${note ?? ""}</td></tr>`;

const nameOf = (run: RunDocument, stepId: string): string =>
  run.history.find((entry) => entry.stepId === stepId && entry.name !== undefined)?.name ?? stepId;

/** Long JSON is cut, so that people can read the page. */
const json = (value: unknown): string => (JSON.stringify(value, null, 2) ?? "null").slice(0, 10_000);
