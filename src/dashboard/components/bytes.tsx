import { scrolling } from "./scrolling.ts";

/** A received or sent text, unchanged. */
export const Bytes = ({ label, children }: { label: string; children: string }) => (
  <section className="bytes" {...scrolling(label)}>
    <pre>{children}</pre>
  </section>
);
