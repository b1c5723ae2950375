import { CampaignDetails } from "#dashboard/views/campaigns/details.tsx";
import { CampaignList } from "#dashboard/views/campaigns/list.tsx";
import type { ViewProps } from "#dashboard/views/index.ts";
import "./campaigns.css";

/** Campaigns: the progress of each one, and the outcome of every mail. */
export function Campaigns({ id, query }: ViewProps) {
  return id === undefined ? <CampaignList query={query} /> : <CampaignDetails id={id} query={query} />;
}
