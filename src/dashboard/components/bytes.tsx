/** Text as it was sent. A region that scrolls must be reachable with the keyboard. */
export const Bytes = ({ label, children }: { label: string; children: string }) => (
  // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- axe asks for it: scrollable-region-focusable
  <section className="bytes" aria-label={label} tabIndex={0}>
    <pre>{children}</pre>
  </section>
);
