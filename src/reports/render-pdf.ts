import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { NodeCompiler } from "@myriaddreamin/typst-ts-node-compiler";
import { AppError } from "#lib/errors.ts";
import type { ReportDocument } from "./document.ts";

const LAYOUT = "src/reports/report.typ";
/**
 * Fonts for Latin, Greek and Cyrillic, for Arabic, and for Chinese. netlify.toml names the same files for the bundle.
 */
const FONTS = [
  "node_modules/@embedpdf/fonts-latin/fonts/NotoSans-Regular.ttf",
  "node_modules/@embedpdf/fonts-latin/fonts/NotoSans-Bold.ttf",
  "node_modules/@embedpdf/fonts-arabic/fonts/NotoNaskhArabic-Regular.ttf",
  "node_modules/@embedpdf/fonts-arabic/fonts/NotoNaskhArabic-Bold.ttf",
  "node_modules/@embedpdf/fonts-sc/fonts/NotoSansHans-Regular.otf",
];

let loading: Promise<Typst> | undefined;
type Typst = { compiler: NodeCompiler; layout: string; standard: "ua-1" };

/**
 * The document as a tagged PDF (PDF/UA-1). The same document gives the same bytes. Typst is imported with the first
 * report. A character that no font contains (a rare script, an emoji) becomes U+FFFD, because an accessible PDF must
 * not contain text without a glyph, and one name must not make the whole report fail.
 */
export async function renderPdf(document: ReportDocument): Promise<Uint8Array> {
  loading ??= load();
  const typst = await loading.catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  const data = JSON.stringify(document);
  try {
    return compile(typst, data);
  } catch (error) {
    const missing = missingIn(error);
    if (missing.size === 0) throw unreadable(error);
    return compile(typst, replaced(data, missing));
  } finally {
    // The cache is emptied, because the next document cannot use it.
    typst.compiler.evictCache(0);
  }
}

function compile({ compiler, layout, standard }: Typst, data: string): Uint8Array {
  const compiled = compiler.compile({ mainFilePath: layout, inputs: { data } });
  if (compiled.result === null) throw new Error(JSON.stringify(compiled.takeDiagnostics()?.shortDiagnostics));
  return compiler.pdf(compiled.result, { pdfStandard: standard });
}

/** Typst lists the missing characters only in its error message. */
function missingIn(error: unknown): Set<string> {
  const message = error instanceof Error ? error.message : "";
  const texts = message.split("the text `").slice(1);
  const quoted = texts.map((rest) => rest.split("` could not be displayed", 1).join(""));
  // The message is debug output of Rust, which writes unusual characters as \u{1f44d}.
  const escaped = quoted.join("").replace(/["\\]/g, "");
  const text = escaped.replace(/u\{([0-9a-f]{1,6})\}/g, (_, hex: string) =>
    String.fromCodePoint(Number.parseInt(hex, 16)),
  );
  return new Set(Array.from(text));
}

const replaced = (data: string, missing: ReadonlySet<string>): string =>
  Array.from(data, (character) => (missing.has(character) ? "\u{FFFD}" : character)).join("");

const unreadable = (cause: unknown) =>
  new AppError(
    "invalid_report",
    `The report cannot be rendered: ${(cause instanceof Error ? cause.message : String(cause)).slice(0, 1000)}`,
    { cause, hint: "Request the report as CSV." },
  );

async function load(): Promise<Typst> {
  const { NodeCompiler, PdfStandard } = await import("@myriaddreamin/typst-ts-node-compiler");
  const { root, layout, fonts } = loadLayout();
  const compiler = NodeCompiler.create({ workspace: root, fontArgs: [{ fontBlobs: fonts }] });
  return { compiler, layout, standard: PdfStandard.UA_1 };
}

/** The layout's file and the fonts, from the repository or from a bundle. */
export function loadLayout() {
  const root = rootOf(dirname(fileURLToPath(import.meta.url)));
  return { root, layout: join(root, LAYOUT), fonts: FONTS.map((font) => readFileSync(join(root, font))) };
}

/** The folder that contains the layout: the repository, or a bundle. */
function rootOf(folder: string): string {
  if (existsSync(join(folder, LAYOUT))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new AppError("configuration", `${LAYOUT} is not part of this bundle`);
  return rootOf(parent);
}
