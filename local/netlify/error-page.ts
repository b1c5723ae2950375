import type { SiteFunction } from "#netlify/functions.ts";

/** The error page of a function: HTML for browsers, JSON for programs. The page says more than Netlify's own. */
export function errorPage({ name, file }: SiteFunction, error: unknown, request: Request): Response {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const title = `The function ${name} failed`;
  if (!request.headers.get("accept")?.includes("text/html")) {
    return Response.json({ title, status: 500, detail: String(error), file }, { status: 500 });
  }
  const page = `<!doctype html><meta charset="utf-8"><title>${escape(title)}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:3rem auto;padding:0 1rem;color-scheme:light dark}pre{overflow:auto;padding:1rem;border:1px solid #8886;border-radius:.5rem}</style>
<h1>${escape(title)}</h1><p>${escape(file)}</p><pre>${escape(stack)}</pre>
<p>Mend it and restart the stack: a module that failed to load is not tried again.</p>`;
  return new Response(page, { status: 500, headers: { "content-type": "text/html; charset=utf-8" } });
}

const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escape = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => escapes[character] ?? character);
