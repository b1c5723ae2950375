/** The name of an event, or of the schedule that does the work without an event of the caller. */
type Meaning = { event: string } | { schedule: string };

/** The queue names of the source documents, and their meaning here. docs/glossary.md shows the same table. */
export const QUEUE_NAMES: Readonly<Record<string, Meaning>> = {
  "email.send-campaign": { event: "email/send.campaign" },
  "email.sendNewsletter": { event: "email/send.campaign" },
  "report.generate": { event: "report/generate" },
  "import.processFile": { event: "import/start" },
  "webhook.stripe": { event: "webhook/received" },
  "webhook.processPayment": { event: "webhook/received" },
  "cleanup.expired-sessions": { schedule: "daily-cleanup" },
  "cleanup.expiredSessions": { schedule: "daily-cleanup" },
  "sync.github-metrics": { schedule: "sync-github-metrics" },
  "generate.sitemap": { schedule: "generate-sitemap" },
};

/** The event of a queue name. The name of an event is returned unchanged. */
export function eventNamed(name: string): string {
  const meaning = QUEUE_NAMES[name];
  return meaning !== undefined && "event" in meaning ? meaning.event : name;
}
