import type { Snapshot } from "#reports/document.ts";

const day = (n: number) => `2026-11-${String(n).padStart(2, "0")}`;
const perDay = (base: number): Snapshot["perDay"] =>
  Array.from({ length: 28 }, (_, n) => [
    day(n + 1),
    Math.round(base * (1 + Math.sin(n / 3) / 2 + (n % 5) / 10)),
  ]);
const at = (n: number) => `${day((n % 28) + 1)}T${String(8 + (n % 10)).padStart(2, "0")}:30:00+00:00`;
const NAMES = [
  "Ada Ångström",
  "Κώστας Παπαδόπουλος",
  "Иван Петров",
  "محمد علي",
  "王小明",
  "Grace Hopper",
  "Zoë Müller",
];
const rows = (row: (n: number) => Snapshot["rows"][number]) => Array.from({ length: 60 }, (_, n) => row(n));

/** What the database could return for a month, by type of report. */
export const samples: Readonly<Record<string, Snapshot>> = {
  users: {
    columns: ["Name", "E-mail", "List", "Status", "Since"],
    rowCount: 3_217,
    lists: 4,
    byStatus: { active: 2_901, unsubscribed: 216, bounced: 84, complained: 16 },
    perDay: perDay(100),
    rows: rows((n) => [NAMES[n % NAMES.length] ?? "", `reader-${n}@example.com`, "Readers", "active", at(n)]),
  },
  analytics: {
    columns: ["Job", "Kind", "Status", "Accepted", "Started", "Ended", "Error"],
    rowCount: 12_480,
    byKind: [
      ["image", 7_400],
      ["mail", 2_810],
      ["campaign", 1_220],
      ["import", 640],
      ["report", 410],
    ],
    medianSeconds: 4.2,
    byStatus: { completed: 12_301, failed: 121, canceled: 58 },
    perDay: perDay(420),
    rows: rows((n) => [
      `0d4f8f0e-8a3f-4d2a-9d52-${String(n).padStart(12, "0")}`,
      n % 3 === 0 ? "campaign" : "image",
      n % 20 === 7 ? "failed" : "completed",
      at(n),
      at(n),
      at(n),
      n % 20 === 7 ? "provider_rejected" : "",
    ]),
  },
  content: {
    columns: ["Campaign", "Subject", "Status", "Written", "People", "Sent", "Failed"],
    rowCount: 60,
    sent: 48_211,
    failed: 312,
    unknown: 2,
    byStatus: { completed: 51, sending: 3, draft: 6 },
    perDay: perDay(2),
    rows: rows((n) => [
      `The letter of week ${n + 1}`,
      "What is new this week",
      "completed",
      at(n),
      810 + n,
      800 + n,
      n % 9,
    ]),
  },
  campaign: {
    columns: ["E-mail", "Status", "Reported", "Error", "Provider", "Message"],
    rowCount: 3_217,
    name: "The letter of week 45",
    subject: "What is new this week",
    reported: { delivered: 2_986, soft_bounced: 41, bounced: 37, refused: 4, complained: 3 },
    reasons: [
      ["unsubscribed", 74],
      ["invalid_recipient", 21],
      ["bounced", 19],
      ["provider_rejected", 6],
    ],
    unsubscribed: 12,
    byStatus: { sent: 3_095, skipped: 93, failed: 27, unknown: 2 },
    perDay: [],
    rows: rows((n) => [
      `reader-${n}@example.com`,
      n % 20 === 7 ? "skipped" : "sent",
      n % 20 === 7 ? "" : "delivered",
      n % 20 === 7 ? "unsubscribed" : "",
      n % 20 === 7 ? "" : "resend",
      n % 20 === 7 ? "" : `m-${1000 + n}`,
    ]),
  },
};
