import { createHash, randomUUID } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { tooLarge } from "./errors.ts";

export type StoredFile = { version: string; size: number; eTag: string };

/** The bytes of objects: one file per version, which never changes once its row is committed. */
export type Files = {
  /** Stores a stream as a new version. Deletes the file if the stream ends early or is too large. */
  write(content: Readable, limitBytes: number): Promise<StoredFile>;
  read(version: string, range?: { start: number; end: number }): Readable;
  remove(versions: readonly string[]): Promise<void>;
};

export const openFiles = (directory: string): Files => {
  const fileOf = (version: string) => path.join(directory, path.basename(version));
  return {
    write: async (content, limitBytes) => {
      const version = randomUUID();
      const digest = createHash("md5");
      let size = 0;
      fs.mkdirSync(directory, { recursive: true });
      const measure = async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          size += chunk.length;
          // The rest of the upload is read and dropped, because a caller receives the answer only after sending the
          // whole upload.
          if (size > limitBytes) continue;
          digest.update(chunk);
          yield chunk;
        }
      };
      try {
        await pipeline(content, measure, fs.createWriteStream(fileOf(version)));
        if (size > limitBytes) throw tooLarge();
      } catch (error) {
        await fs.promises.rm(fileOf(version), { force: true });
        throw error;
      }
      return { version, size, eTag: `"${digest.digest("hex")}"` };
    },
    read: (version, range) => fs.createReadStream(fileOf(version), range),
    remove: async (versions) => {
      for (const version of versions) await fs.promises.rm(fileOf(version), { force: true });
    },
  };
};
