import { type FormEvent, useId, useState } from "react";
import { api } from "#dashboard/api.ts";
import { Badge } from "#dashboard/components/badge.tsx";
import { Card } from "#dashboard/components/card.tsx";
import { Page } from "#dashboard/components/page.tsx";
import { toast } from "#dashboard/components/toasts.tsx";
import { useAction } from "#dashboard/hooks/use-action.ts";
import { openView } from "#dashboard/hooks/use-hash-route.ts";
import type { Campaign, CampaignPreview } from "#dashboard/types.ts";
import { BeforeSending } from "./before-sending.tsx";
import type { Draft } from "./draft.ts";
import { Editor } from "./editor.tsx";
import { fill } from "./fill.ts";
import { MailView, type ShownMail } from "./mail-view.tsx";
import { SaveProblem, SaveState } from "./save-state.tsx";
import { TestMail } from "./test-mail.tsx";
import { useAudience } from "./use-audience.ts";
import { useDraft } from "./use-draft.ts";
import "./composer.css";

type ComposerProps = { campaign?: Campaign; onChange?: () => void };
type Previewed = { preview: CampaignPreview; draft: Draft };

/** Writes a campaign: editor and live preview side by side, then the API's preview, a test mail, and sending. */
export function Composer({ campaign: given, onChange = () => {} }: ComposerProps) {
  const form = useId();
  const { draft, campaign, state, change, save } = useDraft(given);
  const people = useAudience(draft.listId);
  const [previewed, setPreviewed] = useState<Previewed>();
  const [sample, setSample] = useState("");
  // A preview is valid until the draft is changed.
  const preview = previewed?.draft === draft ? previewed.preview : undefined;
  const { run, isBusy } = useAction(async (next: "save" | "preview") => {
    const { id } = await save();
    if (next === "preview")
      setPreviewed({ draft, preview: await api.post<CampaignPreview>(`/api/campaigns/${id}/preview`) });
    else toast({ tone: "good", text: "The draft is saved" });
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    run("save");
  };
  const shown = preview?.samples.find(({ to }) => to === sample);
  return (
    <Page
      title={campaign?.name ?? "New campaign"}
      back={{ href: "#/campaigns", text: "All campaigns" }}
      beside={
        <>
          <Badge status="draft" />
          <SaveState {...state} />
        </>
      }
      actions={<Actions form={form} isBusy={isBusy} onPreview={campaign && (() => run("preview"))} />}
    >
      <SaveProblem {...state} />
      {campaign?.note && <p className="small quiet">{campaign.note}</p>}
      {campaign && preview && (
        <BeforeSending
          campaign={campaign}
          preview={preview}
          onChange={() => {
            setPreviewed(undefined);
            onChange();
            if (given === undefined) openView(`#/campaigns/${campaign.id}`);
          }}
        />
      )}
      <div className="halves composer">
        <form id={form} className="card" aria-label="Draft" onSubmit={submit}>
          <Editor draft={draft} fields={fieldsOf(people)} onChange={change} />
        </form>
        <Card
          title="Live preview"
          actions={<Samples preview={preview} value={sample} onChange={setSample} />}
        >
          <MailView mail={shown ?? asWritten(draft, people[0])} />
          {campaign && <TestMail save={save} />}
        </Card>
      </div>
    </Page>
  );
}

type ActionsProps = { form: string; isBusy: boolean; onPreview: (() => void) | undefined };

const Actions = ({ form, isBusy, onPreview }: ActionsProps) => (
  <>
    <button type="submit" form={form} aria-disabled={isBusy}>
      Save draft
    </button>
    {onPreview && (
      <button type="button" className="primary" aria-disabled={isBusy} onClick={onPreview}>
        Preview
      </button>
    )}
  </>
);

type SamplesProps = {
  preview: CampaignPreview | undefined;
  value: string;
  onChange: (to: string) => void;
};

/** Lets the author choose the sample recipient whose mail the preview shows. */
function Samples({ preview, value, onChange }: SamplesProps) {
  if (preview === undefined || preview.samples.length === 0) return null;
  return (
    <label>
      <span className="unseen">Shown mail</span>
      <select value={value} onChange={(event) => onChange(event.target.value)}>
        <option value="">As it is written</option>
        {preview.samples.map(({ to }) => (
          <option key={to} value={to}>
            As sent to {to}
          </option>
        ))}
      </select>
    </label>
  );
}

type People = ReturnType<typeof useAudience>;

const fieldsOf = (people: People): readonly string[] => [
  ...new Set([
    "email",
    ...people.flatMap(({ fields }) => Object.keys(fields)),
    "unsubscribeUrl",
    "postalAddress",
  ]),
];

const asWritten = ({ subject, html, text }: Draft, recipient: People[number] | undefined): ShownMail => ({
  to: recipient?.email ?? "a recipient",
  subject: fill(subject, "text", recipient),
  html: fill(html, "html", recipient),
  text: fill(text, "text", recipient),
});
