import { unreadable } from "#lib/tables/table.ts";

const EXPORT = "Open it in the program that made it and export it as CSV (UTF-8).";

const SIGNATURES: readonly { reason: string; name: string; bytes: string; hint: string }[] = [
  { reason: "xls", name: "an Excel workbook (.xls)", bytes: "\xd0\xcf\x11\xe0", hint: EXPORT },
  { reason: "pdf", name: "a PDF", bytes: "%PDF-", hint: EXPORT },
  { reason: "parquet", name: "a Parquet file", bytes: "PAR1", hint: EXPORT },
  { reason: "image", name: "a picture", bytes: "\x89PNG", hint: EXPORT },
  { reason: "image", name: "a picture", bytes: "\xff\xd8\xff", hint: EXPORT },
  { reason: "7z", name: "a 7-Zip archive", bytes: "7z\xbc\xaf", hint: "Unpack it and send the CSV inside." },
  { reason: "rar", name: "a RAR archive", bytes: "Rar!", hint: "Unpack it and send the CSV inside." },
  {
    reason: "zstd",
    name: "packed by zstd",
    bytes: "\x28\xb5\x2f\xfd",
    hint: "Send it unpacked, or by gzip.",
  },
  { reason: "bzip2", name: "packed by bzip2", bytes: "BZh", hint: "Send it unpacked, or by gzip." },
];

/** Refuses files that are not tables (e.g. Excel, PDF). The error names the type and says what to do. */
export function refuseForeignFile(head: Buffer): void {
  if (head.length === 0)
    throw unreadable("empty", "The file is empty", "Send a file with a header and rows.");
  const start = head.toString("latin1", 0, 4096);
  if (start.startsWith("PK\x03\x04") || start.startsWith("PK\x05\x06")) throw zip(start);
  for (const { reason, name, bytes, hint } of SIGNATURES) {
    if (start.startsWith(bytes)) throw unreadable(reason, `The file is ${name}, not a CSV`, hint);
  }
  const text = start.replace(/^\xef\xbb\xbf/, "").trimStart();
  if (/^<(?:!doctype html|html|head|body)\b/i.test(text)) {
    throw unreadable(
      "html",
      "The file is a web page, not a CSV",
      "Often a login or error page was saved in place of the file: download it again and open it once.",
    );
  }
  if (/^<(?:\?xml|[a-z][\w:-]*[ >])/i.test(text)) {
    throw unreadable("xml", "The file is XML, not a CSV", EXPORT);
  }
}

function zip(start: string) {
  if (/xl\/|\[Content_Types\]\.xml/.test(start)) {
    return unreadable(
      "xlsx",
      "The file is an Excel workbook (.xlsx), not a CSV",
      'In Excel: "Save as", type "CSV UTF-8".',
    );
  }
  if (start.includes("opendocument.spreadsheet")) {
    return unreadable("ods", "The file is an OpenDocument spreadsheet (.ods), not a CSV", EXPORT);
  }
  return unreadable(
    "zip",
    "The file is a ZIP archive",
    "Unpack it and send the CSV inside, or pack it by gzip.",
  );
}
