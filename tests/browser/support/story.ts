import { demoApi } from "@nightshift/local/demo/api.ts";
import type { Stack } from "@nightshift/local/stack/stack.ts";
import { eventually } from "./seeds.ts";

const letters = [
  { name: "The autumn letter", people: 400, subject: "What we made this autumn" },
  { name: "Invitation to the open evening", people: 240, subject: "An evening at our place" },
  { name: "Your new terms, in plain words", people: 600, subject: "What changes, and what does not" },
];

/** An hour at work, made in a minute; answers the address of every view that is worth a picture. */
export async function tellStory(stack: Stack): Promise<Record<string, string>> {
  const api = demoApi(stack);
  const people = (count: number) =>
    `email,name\n${Array.from({ length: count }, (_, n) => `reader-${n + 1}@example.com,Reader ${n + 1}`).join("\n")}\n`;
  const campaigns: string[] = [];
  for (const { name, people: count, subject } of letters) {
    const list = await api.createList(name);
    await api.upload(list.id, people(count));
    const { id } = await api.createCampaign({
      name,
      listId: list.id,
      subject,
      html: "<p>Hello {{name|reader}}</p>",
      from: "Nightshift <letters@nightshift.example>",
    });
    campaigns.push(id);
  }
  const [autumn = "", evening = "", terms = ""] = campaigns;
  await api.provider.steer("faults", { rules: [{ status: 401, match: "reader-1@example.com" }] });
  await api.send(autumn);
  await eventually("a dead letter", async () => (await api.letters()).length > 0);
  await api.provider.steer("faults", { rules: [] });
  await api.send(evening);
  await eventually(
    "the invitation is sent",
    async () => (await api.campaign(evening)).status === "completed",
  );
  await api.provider.steer("rate", { requestsPerSecond: 1 });
  await api.send(terms);
  await eventually("some of the terms are out", async () => (await api.campaign(terms)).counts.sent > 100);
  return {
    jobs: "/jobs",
    images: "/images",
    campaigns: "/campaigns",
    campaign: `/campaigns/${terms}`,
    "dead-letters": "/dead-letters",
  };
}
