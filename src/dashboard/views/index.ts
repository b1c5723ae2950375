/** The pages of the dashboard, in the order of the navigation. */
import type { ReactNode } from "react";
import type { IconName } from "#dashboard/components/icon.tsx";
import type { OpenCounts } from "#dashboard/types.ts";
import { Alerts } from "./alerts.tsx";
import { ApiKeys } from "./api-keys.tsx";
import { Campaigns } from "./campaigns.tsx";
import { DeadLetters } from "./dead-letters.tsx";
import { Flags } from "./flags.tsx";
import { Functions } from "./functions.tsx";
import { Images } from "./images.tsx";
import { Imports } from "./imports.tsx";
import { Jobs } from "./jobs.tsx";
import { Lists } from "./lists.tsx";
import { Overview } from "./overview.tsx";
import { Payments } from "./payments.tsx";
import { Reports } from "./reports.tsx";
import { Schedules } from "./schedules.tsx";
import { WebhookInbox } from "./webhook-inbox.tsx";
import { Webhooks } from "./webhooks.tsx";

export type ViewProps = {
  /** The part of the address after the name: `#/jobs/<id>`. */
  id: string | undefined;
  query: URLSearchParams;
};

export type View = {
  name: string;
  title: string;
  icon: IconName;
  show: (props: ViewProps) => ReactNode;
  /** The number beside the title in the navigation. */
  open?: keyof OpenCounts;
};

export const VIEWS: readonly View[] = [
  { name: "overview", title: "Overview", icon: "overview", show: Overview },
  { name: "jobs", title: "Jobs", icon: "jobs", show: Jobs },
  { name: "functions", title: "Functions", icon: "play", show: Functions },
  { name: "images", title: "Images", icon: "image", show: Images },
  { name: "campaigns", title: "Campaigns", icon: "mail", show: Campaigns, open: "campaigns" },
  { name: "lists", title: "Lists", icon: "people", show: Lists },
  { name: "imports", title: "Imports", icon: "table", show: Imports, open: "imports" },
  { name: "reports", title: "Reports", icon: "report", show: Reports },
  { name: "payments", title: "Payments", icon: "card", show: Payments },
  { name: "schedules", title: "Schedules", icon: "clock", show: Schedules },
  { name: "webhooks", title: "Webhooks out", icon: "external", show: Webhooks },
  { name: "webhook-inbox", title: "Webhooks in", icon: "download", show: WebhookInbox },
  { name: "dead-letters", title: "Dead letters", icon: "alert", show: DeadLetters, open: "deadLetters" },
  { name: "alerts", title: "Alerts", icon: "bell", show: Alerts, open: "alerts" },
  { name: "flags", title: "Flags", icon: "flag", show: Flags },
  { name: "api-keys", title: "API keys", icon: "key", show: ApiKeys },
];
