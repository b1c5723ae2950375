import { z } from "zod";
import {
  barChart,
  byStatus,
  lineChart,
  number,
  perDay,
  type ReportContent,
  type Snapshot,
} from "./document.ts";
import type { DateRange, DesignedType } from "./events.ts";

const status = (snapshot: Snapshot, name: string) => snapshot.byStatus[name] ?? 0;
const count = z.coerce.number();
const usersFigures = z.looseObject({ lists: count });
const analyticsFigures = z.looseObject({
  byKind: z.array(z.tuple([z.string(), count])),
  medianSeconds: count.nullable(),
});
const campaignFigures = z.looseObject({
  name: z.string(),
  subject: z.string(),
  reported: z.record(z.string(), count),
  reasons: z.array(z.tuple([z.string(), count])),
  unsubscribed: count,
});
const contentFigures = z.looseObject({ sent: count, failed: count, unknown: count });

/** Writes the content of each type of report from its snapshot. */
export const WRITERS: Record<DesignedType, (snapshot: Snapshot, range: DateRange) => ReportContent> = {
  users(snapshot, range) {
    const { lists } = usersFigures.parse(snapshot);
    return {
      title: "Users",
      tableTitle: "Subscribers",
      figures: [
        { label: "New subscribers", value: number(snapshot.rowCount) },
        { label: "Active", value: number(status(snapshot, "active")) },
        { label: "Unsubscribed", value: number(status(snapshot, "unsubscribed")) },
        { label: "Lists", value: number(lists) },
      ],
      charts: [
        lineChart("New subscribers a day", perDay(range, snapshot.perDay)),
        barChart("By status", byStatus(snapshot)),
      ],
    };
  },
  analytics(snapshot, range) {
    const { byKind, medianSeconds } = analyticsFigures.parse(snapshot);
    const ended = status(snapshot, "completed") + status(snapshot, "failed");
    const share = ended === 0 ? "–" : `${number((status(snapshot, "failed") / ended) * 100)} %`;
    return {
      title: "Analytics",
      tableTitle: "Jobs",
      figures: [
        { label: "Jobs", value: number(snapshot.rowCount) },
        { label: "Completed", value: number(status(snapshot, "completed")) },
        { label: "Failed", value: share },
        { label: "Median duration", value: medianSeconds === null ? "–" : `${number(medianSeconds)} s` },
      ],
      charts: [lineChart("Jobs a day", perDay(range, snapshot.perDay)), barChart("By kind of work", byKind)],
    };
  },
  content(snapshot, range) {
    const { sent, failed, unknown } = contentFigures.parse(snapshot);
    return {
      title: "Content",
      tableTitle: "Campaigns",
      figures: [
        { label: "Campaigns", value: number(snapshot.rowCount) },
        { label: "Mails sent", value: number(sent) },
        { label: "Mails failed", value: number(failed) },
        { label: "Outcome unknown", value: number(unknown) },
      ],
      charts: [
        lineChart("Campaigns a day", perDay(range, snapshot.perDay)),
        barChart("By status", byStatus(snapshot)),
      ],
    };
  },
  campaign(snapshot) {
    const { name, subject, reported, reasons, unsubscribed } = campaignFigures.parse(snapshot);
    const reports = Object.entries(reported).map(
      ([outcome, n]) => [outcome.replaceAll("_", " "), n] as const,
    );
    return {
      title: `Campaign: ${name}`,
      about: `Subject: ${subject}`,
      tableTitle: "Mails",
      figures: [
        { label: "Sent", value: number(status(snapshot, "sent")) },
        { label: "Failed", value: number(status(snapshot, "failed")) },
        { label: "Skipped", value: number(status(snapshot, "skipped")) },
        { label: "Outcome unknown", value: number(status(snapshot, "unknown")) },
        { label: "Refused", value: number(reported["refused"] ?? 0) },
        { label: "Bounced", value: number(reported["bounced"] ?? 0) },
        { label: "Complained", value: number(reported["complained"] ?? 0) },
        { label: "Unsubscribed since", value: number(unsubscribed) },
      ],
      charts: [
        barChart(`The outcome of ${number(snapshot.rowCount)} mails`, byStatus(snapshot)),
        barChart(
          "What the provider reported since",
          reports.toSorted(([, m], [, n]) => n - m),
        ),
        barChart("Why mails were not sent", reasons),
      ],
    };
  },
};
