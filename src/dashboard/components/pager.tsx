type Step = { text: string; href: string } | null | false | "" | undefined;

/**
 * Links to the other pages of a long list. They are not shown when there is only one page. A new page starts at its
 * top.
 */
export function Pager({ label, steps }: { label: string; steps: readonly Step[] }) {
  const there = steps.flatMap((step) => step || []);
  if (there.length === 0) return null;
  return (
    <nav className="row" aria-label={label}>
      {there.map(({ text, href }) => (
        <a key={text} className="button" href={href} onClick={() => scrollTo(0, 0)}>
          {text}
        </a>
      ))}
    </nav>
  );
}
