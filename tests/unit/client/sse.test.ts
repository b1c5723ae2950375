import { expect, test } from "vitest";
import { createFrameReader } from "#client/sse.ts";

const stream =
  'retry: 300\n\nevent: job\ndata: {"n":1}\n\n: a comment\n\nid: 5:5:\nevent: progress\ndata: {"n":2}\n\nid: 6:6:\n\n';
const frames = [
  { id: undefined, event: "job", data: '{"n":1}' },
  { id: "5:5:", event: "progress", data: '{"n":2}' },
  { id: "6:6:", event: "message", data: undefined },
];

test("messages, comments and ids are read, wherever the stream is cut into pieces", () => {
  for (let size = 1; size <= stream.length; size++) {
    const read = createFrameReader();
    const pieces = Array.from({ length: Math.ceil(stream.length / size) }, (_, n) =>
      stream.slice(n * size, (n + 1) * size),
    );
    expect(pieces.flatMap(read)).toEqual(frames);
  }
});

test("an incomplete message at the end of the stream is ignored", () => {
  expect(createFrameReader()('event: job\nid: 7:7:\ndata: {"n":3}\n')).toEqual([]);
});

test("a message whose text holds U+2028 or U+2029 is read whole", () => {
  const data = JSON.stringify({ text: "a\u2028b\u2029c" });
  expect(createFrameReader()(`id: 8:8:\nevent: job\ndata: ${data}\n\n`)).toEqual([
    { id: "8:8:", event: "job", data },
  ]);
});
