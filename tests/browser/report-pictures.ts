/**
 * `npm run pictures:reports`: the first page of each type of report as PNG, for docs/reports.md. The contents are made
 * up; layout and fonts are the product's own.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { NodeCompiler } from "@myriaddreamin/typst-ts-node-compiler";
import sharp from "sharp";
import { WRITERS } from "#reports/contents.ts";
import { toDocument } from "#reports/document.ts";
import { loadLayout } from "#reports/render-pdf.ts";
import { samples } from "../support/report-samples.ts";
import { launchChromium } from "./support/chromium.ts";
import { findOrFetchChromium } from "./support/get-chromium.ts";

const folder = resolve(import.meta.dirname, "../../docs/reports");
const range = { start: "2026-11-01", end: "2026-11-28" };
const viewport = { width: 800, height: Math.round((800 * 297) / 210) };

mkdirSync(folder, { recursive: true });
const { layout, fonts, root } = loadLayout();
const compiler = NodeCompiler.create({ workspace: root, fontArgs: [{ fontBlobs: fonts }] });
const browser = await launchChromium(findOrFetchChromium());
for (const [type, write] of Object.entries(WRITERS)) {
  const snapshot = samples[type];
  if (snapshot === undefined) throw new Error(`There is no sample of the report ${type}`);
  const facts = { type, range, snapshotAt: new Date("2026-11-28T08:00:00Z"), scope: null };
  const data = JSON.stringify(toDocument(facts, snapshot, write(snapshot, range)));
  const { result } = compiler.compile({ mainFilePath: layout, inputs: { data } });
  if (result === null) throw new Error(`The report ${type} cannot be laid out`);
  const page = await browser.newPage({ viewport });
  // The white grounds of all pages are drawn at the first page's place.
  const svg = compiler.plainSvg(result).replaceAll('fill="#ffffff"', 'fill="none"');
  await page.setContent(`<style>body{margin:0}svg{display:block;width:800px;height:auto}</style>${svg}`);
  const png = await sharp(await page.screenshot())
    .png({ palette: true, effort: 10 })
    .toBuffer();
  const file = join(folder, `${type}.png`);
  writeFileSync(file, png);
  console.log(`${file}  ${Math.round(png.length / 1024)} KB`);
}
await browser.close();
