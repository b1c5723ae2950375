import { Readable } from "node:stream";
import { stringify } from "csv-stringify";

export type CsvStream = { stream: ReadableStream<Uint8Array>; counts: { rows: number; bytes: number } };

/**
 * Rows as CSV, written as they arrive, with a byte order mark, which Excel needs to recognize UTF-8. A cell that a
 * spreadsheet would run as a formula gets an apostrophe before it. `counts` are final when the stream has ended.
 */
export function csvStream(
  columns: readonly string[],
  rows: AsyncIterable<readonly unknown[]>,
  signal?: AbortSignal,
): CsvStream {
  const counts = { rows: 0, bytes: 0 };
  async function* counted() {
    for await (const cells of rows) {
      counts.rows += 1;
      yield cells;
    }
  }
  const source = Readable.from(counted(), signal ? { signal } : {});
  const writer = stringify({
    bom: true,
    header: true,
    columns: [...columns],
    escape_formulas: true,
    record_delimiter: "\r\n",
  });
  source.on("error", (error) => writer.destroy(error));
  const chunks: AsyncIterator<Uint8Array> = source.pipe(writer)[Symbol.asyncIterator]();
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await chunks.next();
      if (next.done === true) return controller.close();
      counts.bytes += next.value.byteLength;
      controller.enqueue(next.value);
    },
    cancel: () => void source.destroy(),
  });
  return { stream, counts };
}
