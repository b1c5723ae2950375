import { useState } from "react";
import { Card } from "#dashboard/components/card.tsx";
import { type Fact, Facts } from "#dashboard/components/facts.tsx";
import { Note } from "#dashboard/components/note.tsx";
import { count, lasting } from "#dashboard/format.ts";
import type { CampaignPreview } from "#dashboard/types.ts";
import { SendButton, type SendProps } from "./send-button.tsx";

type BeforeSendingProps = SendProps & { preview: CampaignPreview };

/** The effects of sending, as the API predicts them: recipients, domains, warnings, time and cost. */
export function BeforeSending({ preview, ...sending }: BeforeSendingProps) {
  const [sendAt, setSendAt] = useState("");
  const actions = (
    <>
      <label className="row">
        Send at
        <input
          type="datetime-local"
          title="Empty: now"
          max="9999-12-31T23:59"
          value={sendAt}
          onChange={(event) => setSendAt(event.target.value)}
        />
      </label>
      <SendButton {...sending} preview={preview} sendAt={sendAt} />
    </>
  );
  return (
    <Card title="Before sending" actions={actions}>
      <Facts facts={factsOf(preview)} />
      {preview.warnings.length === 0 ? (
        <p className="good small">No warnings.</p>
      ) : (
        <Note tone="warn" icon="alert">
          <ul className="stack composer-warnings" aria-label="Warnings">
            {preview.warnings.map(({ code, message }) => (
              <li key={`${code} ${message}`}>{message}</li>
            ))}
          </ul>
        </Note>
      )}
    </Card>
  );
}

function factsOf({ recipients, leftOut, domains, estimate }: CampaignPreview): Fact[] {
  const { executions, seconds, cheapestUsd } = estimate;
  const facts: Fact[] = [
    { name: "Recipients", value: count(recipients) },
    {
      name: "Domains",
      value: domains.map(({ domain, recipients: n }) => `${domain} ${count(n)}`).join(", ") || "–",
    },
    {
      name: "Time",
      value: seconds === null ? "as fast as the provider takes it" : `about ${lasting(seconds * 1000)}`,
    },
    { name: "Executions", value: `about ${count(executions)}` },
  ];
  const left = Object.entries(leftOut).map(([status, n]) => `${count(n)} ${status}`);
  if (left.length > 0) facts.splice(1, 0, { name: "Get no mail", value: left.join(", ") });
  if (cheapestUsd !== null)
    facts.push({ name: "Cost", value: `$${cheapestUsd} for a month with this campaign alone` });
  return facts;
}
