import { scrolling } from "./scrolling.ts";

/** Text as it was sent. */
export const Bytes = ({ label, children }: { label: string; children: string }) => (
  <section className="bytes" {...scrolling(label)}>
    <pre>{children}</pre>
  </section>
);
