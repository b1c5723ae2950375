import { createHash } from "node:crypto";
import { escapeHtml } from "#mail/template.ts";
import type { Action, Preferences } from "#suppressions/repository.ts";

const STYLE = `
:root { color-scheme: light dark; --ground: #f6f7f9; --card: #fff; --text: #16181d; --quiet: #565d6b; --line: #d9dde5; --accent: #2f4ad0; --on-accent: #fff; }
@media (prefers-color-scheme: dark) { :root { --ground: #101216; --card: #191c22; --text: #eceef2; --quiet: #a6adbb; --line: #343a46; --accent: #93a5ff; --on-accent: #101216; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 16px; background: var(--ground); color: var(--text); font: 17px/1.5 system-ui, sans-serif; }
main { width: 100%; max-width: 460px; padding: 32px 28px; background: var(--card); border: 1px solid var(--line); border-radius: 14px; overflow-wrap: anywhere; }
h1 { margin: 0 0 12px; font-size: 24px; line-height: 1.25; }
p { margin: 0 0 24px; color: var(--quiet); }
p:last-child { margin: 0; }
form { display: grid; gap: 12px; }
button { min-height: 48px; padding: 10px 18px; border: 1px solid var(--line); border-radius: 10px; background: transparent; color: inherit; font: inherit; font-weight: 600; cursor: pointer; }
button:first-child { border-color: var(--accent); background: var(--accent); color: var(--on-accent); }
button:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
`;

const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": `default-src 'none'; style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
  "x-robots-tag": "noindex",
};

const LABELS: Readonly<Record<Action, string>> = {
  unsubscribe: "Unsubscribe",
  unsubscribe_from_all: "Unsubscribe from all our newsletters",
  subscribe: "Subscribe again",
};

type View = { title: string; words: (address: string, list: string) => string; actions: readonly Action[] };

const VIEWS: Readonly<Record<Preferences["state"], View>> = {
  subscribed: {
    title: "Unsubscribe?",
    words: (address, list) => `${address} gets the newsletter <b>${list}</b>.`,
    actions: ["unsubscribe", "unsubscribe_from_all"],
  },
  unsubscribed: {
    title: "You are unsubscribed",
    words: (address, list) => `${address} does not get the newsletter <b>${list}</b> any more.`,
    actions: ["subscribe", "unsubscribe_from_all"],
  },
  unsubscribed_from_all: {
    title: "You are unsubscribed",
    words: (address) =>
      `${address} gets no newsletter from us any more. Receipts and answers to what you do still arrive.`,
    actions: ["subscribe"],
  },
  closed: {
    title: "You get no mail from us",
    words: (_address, list) => `This address does not get the newsletter <b>${list}</b>.`,
    actions: [],
  },
};

/** The page to which a link leads. `preferences` is null when the list no longer exists. */
export function preferencesPage(preferences: Preferences | null): Response {
  if (preferences === null) return invalidLinkPage();
  const { title, words, actions } = VIEWS[preferences.state];
  const buttons = actions.map(
    (action) => `<button name="action" value="${action}">${LABELS[action]}</button>`,
  );
  const form = buttons.length === 0 ? "" : `<form method="post">${buttons.join("")}</form>`;
  const sentence = words(escapeHtml(masked(preferences.email ?? "")), escapeHtml(preferences.list));
  return page(200, title, `<p>${sentence}</p>${form}`);
}

export const invalidLinkPage = (): Response =>
  page(
    404,
    "This link is not valid",
    "<p>Please copy the whole link from the mail, or use the link of a newer mail.</p>",
  );

/** A mail may be forwarded with its link, so the page does not show the whole address. */
const masked = (address: string): string => address.replace(/^(.).*@/su, "$1…@");

const page = (status: number, title: string, content: string): Response =>
  new Response(
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title><style>${STYLE}</style></head><body><main><h1>${title}</h1>${content}</main></body></html>`,
    { status, headers: HEADERS },
  );
