import { useState } from "react";
import { Bytes } from "#dashboard/components/bytes.tsx";
import { Card } from "#dashboard/components/card.tsx";
import { Segmented } from "#dashboard/components/segmented.tsx";
import { SNIPPETS } from "./snippets.ts";

type Language = keyof typeof SNIPPETS;
const OPTIONS: readonly { value: Language; text: string }[] = [
  { value: "node", text: "Node" },
  { value: "python", text: "Python" },
  { value: "go", text: "Go" },
  { value: "ruby", text: "Ruby" },
];

/** How a receiver verifies a signature. */
export function Snippets() {
  const [language, setLanguage] = useState<Language>("node");
  return (
    <Card
      title="Verify a signature"
      actions={<Segmented label="Language" options={OPTIONS} value={language} onChange={setLanguage} />}
    >
      <Bytes label="Code that verifies a signature">{SNIPPETS[language]}</Bytes>
      <p className="quiet small">
        Give it the raw body, before anything parses it. Answer 2xx within 10 seconds, and ignore a webhook-id
        that you have.
      </p>
    </Card>
  );
}
