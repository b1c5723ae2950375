import { MERGE_FIELD } from "#mail/template.ts";

type Found = { line: number; column: number; message: string };

/** Template syntax of other tools. Our mails would contain this syntax unchanged, or give it another meaning. */
const FOREIGN: readonly [RegExp, string][] = [
  [/\{\{\{/, "{{{name}}} is not known: write {{name}}, whose value is always escaped"],
  [
    /\{\{\s*(?:#|\/|\^|>|&|!)\s*\p{L}|\{\{!--/u,
    "blocks, conditions and partials are not known: only {{name}} and {{name|fallback}}",
  ],
  [/\{\{\s*else\s*\}\}/, "conditions are not known: only {{name}} and {{name|fallback}}"],
  [/\{\{[^{}|]+\|\s*default\s*:/, "write a fallback as {{name|friend}}, without default:"],
  [
    /\{\{[^{}|]+\|\s*(?:(?:upcase|downcase|upper|lower|uppercase|lowercase|trim|capitalize|escape|strip|urlencode|url_decode|url_escape|uri_escape|cgi_escape)\s*[|}]|(?:append|prepend|replace|date|truncate)\s*:)/,
    "filters other than url_encode are not known: only {{name}}, {{name|fallback}} and {{name|url_encode}}",
  ],
  [
    /\{\{[^{}|]+\|\s*url_encode\s*\|/,
    "url_encode stands last: {{name|url_encode}}, or {{name|fallback|url_encode}}",
  ],
  [/\{%/, "tags like {% if %} are not known: only {{name}} and {{name|fallback}}"],
  [/\*\|[A-Z0-9_:]+\|\*/, "*|NAME|* is not known: write {{name}}"],
];

/** The first place with another tool's syntax, or with `{{` that does not begin a valid merge field. */
export function findForeignSyntax(source: string): Found | undefined {
  const found = FOREIGN.flatMap(([pattern, message]) => {
    const index = source.search(pattern);
    return index === -1 ? [] : [{ index, message }];
  });
  const stray = findStrayBraces(source);
  if (stray !== -1) found.push({ index: stray, message: "{{ begins no merge field like {{name}}" });
  const first = found.toSorted((a, b) => a.index - b.index)[0];
  if (first === undefined) return undefined;
  const before = source.slice(0, first.index).split(/\r\n|\r|\n/);
  return { line: before.length, column: (before.at(-1) ?? "").length + 1, message: first.message };
}

/** The position of braces that begin no merge field; -1 when there are none. */
const findStrayBraces = (source: string): number =>
  source
    .replace(MERGE_FIELD, (field, name: string) => (name.trim() === "" ? field : " ".repeat(field.length)))
    .indexOf("{{");
