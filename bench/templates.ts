/**
 * `npm run bench -- templates` compares the product's own merge fields with LiquidJS: it measures the CPU time for the
 * mails of a campaign with 10,000 recipients, in the best of `--rounds` rounds. The product and LiquidJS both compile
 * the content once, and write each mail as the provider's JSON.
 */
import { randomUUID } from "node:crypto";
import { commandOptions, numberOption } from "@nightshift/local/command-options.ts";
import { Liquid } from "liquidjs";
import { createRenderer } from "#campaigns/render-mail.ts";
import { createUnsubscribeLinks } from "#mail/unsubscribe-links.ts";
import { campaignContent, person } from "./campaign-content.ts";

const USAGE = "npm run bench -- templates [--rounds 10]";
const RECIPIENTS = 10_000;
const people = Array.from({ length: RECIPIENTS }, (_, n) => {
  const { email, ...fields } = person(n);
  return { id: n, email, fields };
});
const links = createUnsubscribeLinks(["a secret of the benchmark, longer than 32"]);
const imprint = {
  postalAddress: "1 Night Street, 10115 Berlin",
  linkBase: "http://localhost:8888/l/",
  linkKeyId: links.newestKeyId ?? "",
};
const content = {
  ...campaignContent,
  replyTo: null,
  missingField: "empty",
  listId: randomUUID(),
  imprint,
} as const;

function ours(): number {
  const render = createRenderer("bench", content, links);
  return people.reduce((sum, one) => {
    const rendered = render(one.id, one.email, one.fields);
    return sum + ("mail" in rendered ? rendered.mail.length : 0);
  }, 0);
}

function liquid(): number {
  const plain = new Liquid({ ownPropertyOnly: true });
  const html = new Liquid({ ownPropertyOnly: true, outputEscape: "escape" });
  const inLiquid = (source: string) => source.replaceAll(/\{\{(\w+)\|(\w+)\}\}/g, '{{ $1 | default: "$2" }}');
  const footer = '<p><a href="{{ unsubscribeUrl }}">Unsubscribe</a><br>{{ postalAddress }}</p>';
  const subjectOf = plain.parse(inLiquid(content.subject));
  const htmlOf = html.parse(inLiquid(content.html) + footer);
  const textOf = plain.parse(
    `${inLiquid(content.text)}Unsubscribe: {{ unsubscribeUrl }}\n{{ postalAddress }}\n`,
  );
  const tokenFor = links.signer(imprint.linkKeyId, content.listId);
  return people.reduce((sum, { id, email, fields }) => {
    const unsubscribeUrl = imprint.linkBase + tokenFor(id);
    const values = { ...fields, email, unsubscribeUrl, postalAddress: imprint.postalAddress };
    const mail = {
      from: content.from,
      to: email,
      subject: plain.renderSync(subjectOf, values),
      html: html.renderSync(htmlOf, values),
      text: plain.renderSync(textOf, values),
      headers: {
        "List-Unsubscribe": `<${unsubscribeUrl}>`,
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
      },
      tags: [{ name: "campaign_id", value: "bench" }],
    };
    return sum + JSON.stringify(mail).length;
  }, 0);
}

function cpuMs(render: () => number): number {
  const before = process.cpuUsage();
  render();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

export async function run(args: string[]): Promise<void> {
  const { values } = commandOptions(USAGE, { args, options: { rounds: { type: "string", default: "10" } } });
  const rounds = Array.from({ length: numberOption("rounds", values.rounds) });
  const best = (render: () => number) => Math.min(...rounds.map(() => cpuMs(render)));
  console.log(JSON.stringify({ recipients: RECIPIENTS, oursMs: best(ours), liquidMs: best(liquid) }));
}
