import { Composer } from "#dashboard/views/campaigns/composer.tsx";
import { CampaignDetails } from "#dashboard/views/campaigns/details.tsx";
import { CampaignList } from "#dashboard/views/campaigns/list.tsx";
import type { ViewProps } from "#dashboard/views/index.ts";
import "./campaigns.css";

/** Campaigns are written and sent here. The view shows the progress of each campaign and the outcome of every mail. */
export function Campaigns({ id, query }: ViewProps) {
  if (id === "new") return <Composer />;
  return id === undefined ? <CampaignList query={query} /> : <CampaignDetails id={id} query={query} />;
}
