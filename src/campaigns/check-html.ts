import { type DefaultTreeAdapterTypes, defaultTreeAdapter, type ErrorCodes, parse } from "parse5";
import { MERGE_FIELD, optionsOf } from "#mail/template.ts";

type Node = DefaultTreeAdapterTypes.Node;
type Element = DefaultTreeAdapterTypes.Element;

/** Faults that are common in mails and do no harm: every mail program shows such a mail as its author meant it. */
const HARMLESS: ReadonlySet<string> = new Set([
  "missing-doctype",
  "non-conforming-doctype",
  "non-void-html-element-start-tag-with-trailing-solidus",
] satisfies `${ErrorCodes}`[]);

/** Elements without an end tag, and elements whose end tag is optional in HTML. */
const MAY_STAY_OPEN: ReadonlySet<string> = new Set(
  (
    "area base br col embed hr img input link meta source track wbr " +
    "html head body p li dt dd option optgroup thead tbody tfoot tr td th colgroup caption rp rt"
  ).split(" "),
);

/**
 * A parser repeats unclosed formatting in each paragraph, so that 17 KB can become two million elements and take ten
 * seconds. Real mails have a few thousand elements, nested at most some dozens deep.
 */
const MOST_ELEMENTS = 20_000;
const MOST_DEPTH = 200;

type Faults = {
  broken: string[];
  /** The sources of images without an alternative text. */
  images: string[];
  /** Merge fields that lack `url_encode` in the query of a link. */
  fields: string[];
};

/** The faults of an HTML text, at most `most` of each kind. */
export function checkHtml(html: string, most: number): Faults {
  const broken = new Set<string>();
  const images: string[] = [];
  const fields = new Set<string>();
  const document = parseBounded(html, (fault) => broken.size < most && broken.add(fault));
  if (document === undefined)
    return {
      broken: ["It is nested too deeply, or has too many elements, to be checked"],
      images,
      fields: [],
    };
  for (const { tagName, attrs, sourceCodeLocation: at } of elementsOf(document)) {
    if (at?.startTag !== undefined && at.endTag === undefined && !MAY_STAY_OPEN.has(tagName))
      broken.add(`line ${at.startLine}, column ${at.startCol}: <${tagName}> is not closed`);
    if (tagName === "img" && !attrs.some(({ name }) => name === "alt"))
      images.push(attrs.find(({ name }) => name === "src")?.value.slice(0, 200) ?? "");
    for (const field of unencodedFields(attrs.find(({ name }) => name === "href")?.value ?? ""))
      fields.add(field);
  }
  return {
    broken: [...broken].slice(0, most),
    images: images.slice(0, most),
    fields: [...fields].slice(0, most),
  };
}

/** The merge fields that lack `url_encode` in the query of a URL, without their braces. */
function unencodedFields(url: string): string[] {
  const [, ...query] = url.split("?");
  return [...query.join("?").matchAll(MERGE_FIELD)].flatMap(([field, , rest]) =>
    optionsOf(rest).isEncoded ? [] : [field.slice(2, -2).trim()],
  );
}

/** The parsed text; undefined when the text exceeds `MOST_ELEMENTS` or `MOST_DEPTH`. */
function parseBounded(html: string, tell: (fault: string) => void): Node | undefined {
  let elements = 0;
  let depth = 0;
  try {
    return parse(html, {
      sourceCodeLocationInfo: true,
      onParseError: ({ code, startLine, startCol }) => {
        if (!HARMLESS.has(code)) tell(`line ${startLine}, column ${startCol}: ${code.replaceAll("-", " ")}`);
      },
      treeAdapter: {
        ...defaultTreeAdapter,
        createElement(...element) {
          if (++elements > MOST_ELEMENTS) throw new TooLarge();
          return defaultTreeAdapter.createElement(...element);
        },
        onItemPush() {
          if (++depth > MOST_DEPTH) throw new TooLarge();
        },
        onItemPop() {
          depth--;
        },
      },
    });
  } catch (error) {
    if (error instanceof TooLarge) return undefined;
    throw error;
  }
}

class TooLarge extends Error {}

/** The elements, in the order of the text. */
function* elementsOf(document: Node): Generator<Element> {
  const open: Node[] = [document];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if ("tagName" in node) yield node;
    if ("childNodes" in node) for (const child of node.childNodes.toReversed()) open.push(child);
  }
}
