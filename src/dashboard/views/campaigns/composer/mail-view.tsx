import { useDeferredValue, useState } from "react";
import { scrolling } from "#dashboard/components/scrolling.ts";
import { Segmented } from "#dashboard/components/segmented.tsx";
import { MailFrame } from "./mail-frame.tsx";

export type ShownMail = { to: string; subject: string; html: string | null; text: string | null };

const LOOKS = [
  { value: "light", text: "Light" },
  { value: "dark", text: "Dark" },
  { value: "phone", text: "Phone" },
] as const;
const PARTS = [
  { value: "html", text: "HTML" },
  { value: "text", text: "Text" },
] as const;

/** A mail as recipients see it: light, dark, as wide as a phone, or as plain text. */
export function MailView({ mail }: { mail: ShownMail }) {
  const [look, setLook] = useState<(typeof LOOKS)[number]["value"]>("light");
  const [part, setPart] = useState<(typeof PARTS)[number]["value"]>("html");
  const html = useDeferredValue(mail.html ?? "");
  return (
    <>
      <div className="row apart">
        <Segmented label="Look" options={LOOKS} value={look} onChange={setLook} />
        <Segmented label="Part of the mail" options={PARTS} value={part} onChange={setPart} />
      </div>
      <p className="mail-head">
        <strong dir="auto">{mail.subject || "No subject yet"}</strong>
        <span className="quiet small address">to {mail.to}</span>
      </p>
      <div className={`mail-view ${look}`}>
        {part === "html" ? (
          <MailFrame html={html} isDark={look === "dark"} title="The mail" />
        ) : (
          <pre role="group" {...scrolling("The mail as text")} dir="auto">
            {mail.text ?? ""}
          </pre>
        )}
      </div>
      {part === "html" && html === "" && <p className="quiet small">This mail has no HTML.</p>}
      {part === "text" && !mail.text && (
        <p className="quiet small">
          The text is made from the HTML. To see it, press “Preview” and choose a recipient.
        </p>
      )}
    </>
  );
}
