import { randomUUID } from "node:crypto";
import type { OnFailure } from "#dead-letters/on-failure.ts";
import type { Clock } from "#lib/clock.ts";
import type { Storage } from "#lib/database/storage.ts";
import { patienceOf, remainingMs } from "#lib/engine/deadline.ts";
import { cancelOfThisJob, type FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";
import { withTimeout } from "#lib/timeout.ts";
import { WRITERS } from "./contents.ts";
import { PDF_ROWS, type ReportDocument, toDocument } from "./document.ts";
import { generateReportRequested, isDesigned, reportReady } from "./events.ts";
import { downloadUrl, REPORTS_BUCKET } from "./paths.ts";
import { rangeOf } from "./range.ts";
import type { Report, ReportRepository } from "./repository.ts";
import { wantedOf } from "./wanted.ts";
import { csvOf } from "./write-csv.ts";

type Dependencies = {
  inngest: InngestClient;
  reports: ReportRepository;
  storage: Pick<Storage, "put" | "putStream">;
  notifications: {
    send(news: { owner: string; type: string; data: { [key: string]: string }; key: string }): Promise<void>;
  };
  render: (document: ReportDocument) => Promise<Uint8Array>;
  clock: Clock;
  flow: FlowControl;
  onFailure: OnFailure;
};

/** The time limit of a step; a function on Netlify may run for 60 s. */
const PATIENCE_MS = 50_000;

/** Reads one snapshot of the database, writes it as PDF or CSV into Storage, and notifies the requester. */
export const generateReport = (deps: Dependencies) =>
  deps.inngest.createFunction(
    {
      id: "generate-report",
      triggers: [generateReportRequested],
      // One report per owner at a time, so that an owner with many reports does not delay the others.
      concurrency: [deps.flow.concurrency(5), deps.flow.concurrency(1, "event.data.userId")],
      ...tries("report"),
      cancelOn: cancelOfThisJob("generate-report"),
      onFailure: deps.onFailure,
    },
    async ({ event, step, runId }) => {
      const { userId } = event.data;
      const file = await step.run("render", async () => {
        const scope = event.data.allOwners ? null : userId;
        const wanted = { owner: userId, scope, ...wantedOf(event.data) };
        const report = await deps.reports.open(event.id ?? runId, wanted);
        const { ms, code } = patienceOf(PATIENCE_MS, remainingMs(event.data, deps.clock.now()));
        return withTimeout(makeFile(deps, report, AbortSignal.timeout(ms)), ms, code);
      });
      if (!file.isReady) return { reportId: file.reportId, isRevoked: true };
      const url = downloadUrl(file.reportId);
      await step.run("notify", () =>
        deps.notifications.send({
          owner: file.owner,
          type: "report_ready",
          data: { reportId: file.reportId, downloadUrl: url },
          key: `report:${file.reportId}`,
        }),
      );
      await step.sendEvent(
        "tell-report-is-ready",
        reportReady.create(
          { reportId: file.reportId, userId: file.owner, downloadUrl: url },
          { id: `report-ready:${file.reportId}` },
        ),
      );
      return { reportId: file.reportId, downloadUrl: url, rows: file.rows, bytes: file.bytes };
    },
  );

/**
 * Safe to repeat: the report is written to the same path again, from a new snapshot. Once the signal is aborted, no file
 * is written and the report is not completed, because another try may be running.
 */
async function makeFile(deps: Dependencies, report: Report, signal: AbortSignal) {
  const snapshotAt = deps.clock.now();
  let counts: { rows: number; bytes: number };
  if (report.format === "csv" || !isDesigned(report.type)) {
    const id = randomUUID();
    const snapshot = { id, pages: await deps.reports.takePages(report.id, id) };
    const file = csvOf(deps.reports, snapshot, await deps.reports.columns(report.id), signal);
    await deps.storage.putStream(REPORTS_BUCKET, report.path, file.stream, "text/csv; charset=utf-8");
    counts = file.counts;
  } else {
    const range = rangeOf(report);
    const snapshot = await deps.reports.snapshot(report.id, PDF_ROWS);
    const facts = { type: report.type, range, snapshotAt, scope: report.scope };
    const bytes = await deps.render(toDocument(facts, snapshot, WRITERS[report.type](snapshot, range)));
    signal.throwIfAborted();
    await deps.storage.put(REPORTS_BUCKET, report.path, { bytes, contentType: "application/pdf" });
    counts = { rows: snapshot.rowCount, bytes: bytes.byteLength };
  }
  signal.throwIfAborted();
  const isReady = await deps.reports.complete(report.id, snapshotAt, counts.rows, counts.bytes);
  return { reportId: report.id, owner: report.owner, isReady, ...counts };
}
