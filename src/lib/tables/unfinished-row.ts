import { bytesInFile } from "#lib/tables/encoding.ts";
import { MAX_ROW_BYTES } from "#lib/tables/limits.ts";
import type { Encoding } from "#lib/tables/table.ts";

const KEPT_START_BYTES = 4096;

/** The bytes of the row that has not ended yet. Of a row that is too large, only the beginning is kept. */
export class UnfinishedRow {
  bytes: Buffer = Buffer.alloc(0);
  readonly #encoding: Encoding;
  #start: Buffer | undefined;
  #passed = { bytes: 0, inFile: 0 };

  constructor(encoding: Encoding) {
    this.#encoding = encoding;
  }

  append(bytes: Buffer): void {
    this.bytes = this.bytes.length === 0 ? bytes : Buffer.concat([this.bytes, bytes]);
  }

  /** Limits memory while a row that is too large is skipped. Keeps its last byte, which may be half of a line end. */
  dropIfTooLarge(): void {
    if (this.bytes.length <= MAX_ROW_BYTES) return;
    this.#start ??= Buffer.from(this.bytes.subarray(0, KEPT_START_BYTES));
    this.#count(this.bytes.subarray(0, -1));
    this.bytes = this.bytes.subarray(-1);
  }

  /** Takes the row that ends after `end` bytes. Returns its bytes, its length in UTF-8, and its length in the file. */
  take(end: number): { raw: Buffer; length: number; lengthInFile: number } {
    const bytes = this.bytes.subarray(0, end);
    this.#count(bytes);
    const { bytes: length, inFile: lengthInFile } = this.#passed;
    const raw = this.#start ?? bytes;
    this.bytes = this.bytes.subarray(end);
    this.#start = undefined;
    this.#passed = { bytes: 0, inFile: 0 };
    return { raw, length, lengthInFile };
  }

  #count(bytes: Buffer): void {
    this.#passed.bytes += bytes.length;
    this.#passed.inFile += bytesInFile(bytes, this.#encoding);
  }
}
